// A test that says what is to happen, step by step, and shows the first event that differs.

#include <contrail/contrail.h>
#include <contrail/testing/hook_expectations.h>
#include <fmt/core.h>

using namespace contrail;
using namespace std::chrono_literals;

/// What is tested: it asks again after a while, for the user who asked first.
void ask(int times) {
  if (times > 1) set_timeout([times] { ask(times - 1); }, 1ms);
}

int main() {
  Loop loop;
  AsyncLocalStorage<std::string> user;
  const auto is_ada = [&user] { return user.get_store() && *user.get_store() == "Ada"; };

  contrail::testing::HookExpectations once({"Timeout"}), twice({"Timeout"});
  for (auto* expected : {&once, &twice}) {
    expected->init("Timeout:first").by("root");
    expected->before("Timeout:first").when(is_ada, "the user is Ada");
  }
  twice.init("Timeout:second").by("Timeout:first");
  for (auto* expected : {&once, &twice}) expected->after("Timeout:first");

  user.run("Ada", [] { ask(3); });
  loop.run();

  fmt::print("twice: {}\n", twice.result());
  fmt::print("once: {}", once.result());
}
