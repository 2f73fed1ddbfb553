// Traces go on and on, and allocate nothing for it once their buffers have their size.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "contrail/detail/pool.h"
#include "contrail/hooks/chrome_trace.h"
#include "contrail/hooks/perfetto_trace.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "failing_new.h"

namespace contrail {
namespace {

constexpr int rounds = 100;

class SteadyTrace : public ::testing::Test {
 protected:
  SteadyTrace() {
    std::string name = (std::filesystem::temp_directory_path() / "trace-XXXXXX").string();
    ::close(::mkstemp(name.data()));
    path = name;
  }
  ~SteadyTrace() override { std::filesystem::remove(path); }
  void SetUp() override {
    set_immediate([] {});
    loop.run();
    if (!detail::pool.recycles) GTEST_SKIP() << "AddressSanitizer wants to see every block";
  }

  void work() {
    for (int i = 0; i < rounds; ++i) {
      set_immediate([] { next_tick([] { Promise<int>::resolve(1).then([](int) {}).detach(); }); });
    }
    loop.run();
  }

  /// Once buffers have been filled and written.
  std::size_t allocations_of_work() {
    for (int i = 0; i < 100; ++i) work();
    const std::size_t before = allocations();
    work();
    return allocations() - before;
  }

  Loop loop;
  std::filesystem::path path;
};

TEST_F(SteadyTrace, of_nobody_shows_what_the_work_itself_allocates) {
  EXPECT_EQ(allocations_of_work(), 0u);
}

TEST_F(SteadyTrace, for_chrome_allocates_nothing_for_an_event) {
  const hooks::ChromeTrace trace(path);
  EXPECT_LE(allocations_of_work(),
            10u);  // For some lines about the whole, each time it is written.
}

TEST_F(SteadyTrace, for_perfetto_allocates_nothing) {
  const hooks::PerfettoTrace trace(path);
  EXPECT_EQ(allocations_of_work(), 0u);
}

}  // namespace
}  // namespace contrail
