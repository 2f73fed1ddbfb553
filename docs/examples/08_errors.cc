// An error goes where the result would have gone; what nobody takes goes to the loop.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <stdexcept>
#include <string>

using namespace contrail;

Promise<> read_nowhere() {
  try {
    co_await fs::read_file("/nowhere");
  } catch (const Error& error) {
    fmt::print("thrown:    {} failed with {}\n", error.syscall(), error.name());
  }
}

Promise<int> fail() {
  co_await Promise<>::resolve();
  throw std::runtime_error("out of luck");
}

int main() {
  Loop loop;

  fs::stat("/nowhere", [](Result<fs::Stat> stat) {
    if (!stat) fmt::print("result:    {}\n", stat.error().what());
  });
  loop.run();
  read_nowhere().detach();
  loop.run();

  fail()
      .catch_error([](std::exception_ptr) { return -1; })
      .then([](int value) { fmt::print("caught:    instead of a value {}\n", value); })
      .detach();
  loop.run();

  try {
    set_immediate([] { throw std::runtime_error("nobody caught this"); });
    loop.run();
  } catch (const std::exception& error) {
    fmt::print("from run:  {}\n", error.what());
  }

  loop.on_uncaught_exception([](std::exception_ptr, ExceptionOrigin origin) {
    const bool rejected = origin == ExceptionOrigin::unhandled_rejection;
    fmt::print("handler:   {}\n", rejected ? "a rejection nobody watched" : "an exception");
  });
  fail().detach();
  loop.run();
}
