// A promise that must be settled in time.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

using namespace contrail;
using namespace std::chrono_literals;

/// As work is, unless that takes longer. Work that is late goes on, but nobody hears of it.
template <class T>
Promise<T> within(std::chrono::milliseconds limit, Promise<T> work) {
  auto [late, resolver] = Promise<T>::with_resolver();
  auto give_up = [resolver = std::move(resolver)]() mutable {
    resolver.reject(std::runtime_error("too late"));
  };
  Timeout timer = set_timeout(std::move(give_up), limit);
  return race(std::move(work), std::move(late)).finally([timer]() mutable { timer.clear(); });
}

Promise<std::string> fetch(std::chrono::milliseconds duration) {
  co_await sleep(duration);
  co_return "a result";
}

Promise<> try_both() {
  fmt::print("quick: {}\n", co_await within(1h, fetch(1ms)));
  try {
    co_await within(1ms, fetch(20ms));
  } catch (const std::exception& error) {
    fmt::print("slow:  {}\n", error.what());
  }
}

int main() {
  Loop loop;
  try_both().detach();
  loop.run();
}
