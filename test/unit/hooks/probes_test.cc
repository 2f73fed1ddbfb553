#include "contrail/hooks/probes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "contrail/loop.h"
#include "contrail/timers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// The file that the tracers are in: a library, or this program.
std::string object_file() {
  std::string found = std::filesystem::read_symlink("/proc/self/exe").string();
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        const std::string name = info->dlpi_name;
        if (name.find("libcontrail_hooks") != std::string::npos) {
          *static_cast<std::string*>(result) = name;
        }
        return 0;
      },
      &found);
  return found;
}

std::string output_of(const std::string& command) {
  std::string out;
  std::FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) {
    out.append(buffer, size);
  }
  pclose(pipe);
  return out;
}

class Probes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!hooks::Probes::available()) GTEST_SKIP() << "built without <sys/sdt.h>";
  }
  Loop loop;
};

TEST_F(Probes, are_where_bpftrace_looks_for_them) {
  if (std::system("readelf --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "needs readelf";
  const hooks::Probes probes;
  const std::string notes = output_of("readelf -n " + object_file() + " 2>/dev/null");
  for (const char* name :
       {"init", "before", "after", "destroy", "promise_resolve", "context_switch"}) {
    EXPECT_THAT(notes, HasSubstr("Provider: contrail\n    Name: " + std::string(name) + "\n"));
  }
  EXPECT_EQ(notes.find("Semaphore: 0x0000000000000000"), std::string::npos)
      << "each has a semaphore";
}

TEST_F(Probes, listen_to_nothing_while_nobody_is_attached) {
  const hooks::Probes probes;
  set_timeout([] {}, 1ms);
  loop.run();
  EXPECT_FALSE(probes.attached());
}

}  // namespace
}  // namespace contrail
