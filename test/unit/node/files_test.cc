// What Node's own tests say of open files.

#include "contrail/file.h"

#include <set>

#include "lives.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

class FilesInNode : public TcpTest {};

TEST_F(FilesInNode, have_a_request_with_an_id_and_details_of_its_own_for_each_read_of_one_file) {
  const TempDir folder;
  File file = wait(File::open(folder.file("name", "text")));
  std::set<const fs::Details*> details;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (made.type == "FSREQCALLBACK") details.insert(made.details.as<fs::Details>());
  }});
  hook.enable();
  const Lives lives({"FSREQCALLBACK"});
  int read = 0;
  file.read_at(0, 2, [&](Result<std::string> start) { read += *start == "te"; });
  file.read_at(2, 2, [&](Result<std::string> end) { read += *end == "xt"; });
  EXPECT_EQ(details.size(), 2u);
  loop().run();
  EXPECT_EQ(read, 2);
  EXPECT_EQ(lives.of("FSREQCALLBACK", 1), "1/1/1/1");
  EXPECT_EQ(lives.of("FSREQCALLBACK", 2), "1/1/1/1");
  EXPECT_NE(lives.id("FSREQCALLBACK", 1), lives.id("FSREQCALLBACK", 2));
  wait(file.close());
}

}  // namespace
}  // namespace contrail
