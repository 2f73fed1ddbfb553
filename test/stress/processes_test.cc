// A thousand child processes, a few at a time.

#include <sys/wait.h>

#include <cerrno>
#include <string>

#include "contrail/process.h"
#include "loop_test.h"

namespace contrail {
namespace {

class Processes : public LoopTest {};

Promise<> run_some(int first, int step, int end, int& right) {
  for (int i = first; i < end; i += step) {
    std::string number = std::to_string(i);
    RunOptions options{.input = number};
    auto run = run_process("cat", {}, std::move(options));
    const ProcessOutput ran = co_await run;
    right += ran.status.success() && ran.output == number && ran.errors.empty();
  }
}

TEST_F(Processes, are_all_heard_to_the_end_and_reaped) {
  constexpr int at_a_time = 4;
  constexpr int all = 1000;
  int right = 0;
  for (int i = 0; i < at_a_time; ++i) run_some(i, at_a_time, all, right).detach();
  loop().run();
  EXPECT_EQ(right, all);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace contrail
