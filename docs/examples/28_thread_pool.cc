// Work that takes long belongs on the thread pool. It reads the context of the code that queued it.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <numeric>
#include <stdexcept>
#include <vector>

using namespace contrail;

AsyncLocalStorage<std::string> request;

Promise<> handle(std::string name) {
  request.enter_with(std::move(name));
  auto sum_up = [numbers = std::vector<int>{1, 2, 3, 4}] {
    const int sum = std::accumulate(numbers.begin(), numbers.end(), 0);
    return fmt::format("{}: {}", *request.get_store(), sum);
  };
  auto work = queue_work(std::move(sum_up), {.type = "Summation"});
  fmt::print("{}\n", co_await work);
}

Promise<> fail() {
  auto work = queue_work([] { throw std::range_error("too much"); });
  try {
    co_await work;
  } catch (const std::range_error& error) {
    fmt::print("failed: {}\n", error.what());
  }
}

int main() {
  Loop loop;
  handle("request 7").detach();
  loop.run();
  fail().detach();
  loop.run();
}
