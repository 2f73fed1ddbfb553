#include "contrail/resource_types.h"

#include <string>
#include <vector>

#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class ResourceTypes : public LoopTest {
 protected:
  std::vector<std::string> seen;
  AsyncHook types{{.init = [this](const ResourceInfo& made) { seen.emplace_back(made.type); }}};
};

TEST_F(ResourceTypes, name_what_the_core_makes) {
  types.enable();
  next_tick([] {});
  queue_microtask([] {});
  set_immediate([] {});
  set_timeout([] {});
  Promise<>::resolve().detach();
  loop().run();
  EXPECT_THAT(seen, ElementsAre("TickObject", "Microtask", "Immediate", "Timeout", "PROMISE"));
}

TEST_F(ResourceTypes, give_an_interval_the_type_of_a_timeout) {
  types.enable();
  set_interval([] {}, 1ms).clear();
  loop().run();
  EXPECT_THAT(seen, ElementsAre(resource_types::timeout.name));
}

TEST(ResourceTypesNames, are_those_of_node) {
  EXPECT_EQ(resource_types::tcp.name, "TCPWRAP");
  EXPECT_EQ(resource_types::tcp_server.name, "TCPSERVERWRAP");
  EXPECT_EQ(resource_types::tcp_connect.name, "TCPCONNECTWRAP");
  EXPECT_EQ(resource_types::write.name, "WRITEWRAP");
  EXPECT_EQ(resource_types::shutdown.name, "SHUTDOWNWRAP");
  EXPECT_EQ(resource_types::get_address_info.name, "GETADDRINFOREQWRAP");
  EXPECT_EQ(resource_types::fs_request.name, "FSREQCALLBACK");
  EXPECT_EQ(resource_types::file_handle.name, "FILEHANDLE");
  EXPECT_EQ(resource_types::file_handle_close.name, "FILEHANDLECLOSEREQ");
  EXPECT_EQ(resource_types::http_incoming_message.name, "HTTPINCOMINGMESSAGE");
  EXPECT_EQ(resource_types::bound_function.name, "bound-anonymous-fn");
}

}  // namespace
}  // namespace contrail
