// A recorder that is left on allocates nothing per event.

#include "contrail/hooks/flight_recorder.h"

#include <gtest/gtest.h>

#include "contrail/detail/pool.h"
#include "contrail/timers.h"
#include "failing_new.h"
#include "loop_test.h"
#include "temp_dir.h"

namespace contrail {
namespace {

class RecordedSteadyState : public LoopTest {
 protected:
  RecordedSteadyState() { close_ledger(); }

  std::size_t allocations_of_immediates() {
    const std::size_t before = allocations();
    for (int i = 0; i < 1000; ++i) set_immediate([] {});
    loop().run();
    return allocations() - before;
  }

  TempDir dir;
};

TEST_F(RecordedSteadyState, allocates_nothing) {
  if (!detail::pool.recycles) GTEST_SKIP() << "AddressSanitizer wants to see every block";
  hooks::FlightRecorder recorder(dir.path() / "app.flight");
  allocations_of_immediates();
  EXPECT_EQ(allocations_of_immediates(), 0u);
}

}  // namespace
}  // namespace contrail
