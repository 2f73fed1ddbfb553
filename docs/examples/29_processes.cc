// Child processes: one that is run for what it says, one that is talked to, one that is not there.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <array>

using namespace contrail;

Promise<> sort_lines() {
  RunOptions options{.input = "pear\napple\n"};
  auto sorting = run_process("sort", {}, std::move(options));
  const ProcessOutput sorted = co_await sorting;
  fmt::print("{}", sorted.output);
}

Promise<> talk_to_cat() {
  const ProcessOptions options{.standard_input = ChildStdio::pipe,
                               .standard_output = ChildStdio::pipe};
  auto child = Process::spawn("cat", {}, options);
  co_await child.standard_input().write("hello\n");
  std::array<std::byte, 64> buffer;
  const std::size_t size = co_await child.standard_output().read(buffer);
  fmt::print("cat says {}", as_text(std::span(buffer).first(size)));
  child.standard_input().close();
  const ExitStatus status = co_await child.exited();
  fmt::print("and ends with {}\n", status.code);
}

Promise<> try_nothing() {
  auto running = run_process("/nowhere");
  try {
    co_await running;
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }
}

Promise<> all() {
  co_await sort_lines();
  co_await talk_to_cat();
  co_await try_nothing();
}

int main() {
  Loop loop;
  all().detach();
  loop.run();
}
