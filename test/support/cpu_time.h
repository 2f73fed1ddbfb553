#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>

namespace contrail {

/// The processor time that run() takes on this thread, in seconds: the least of three times.
template <class Run>
double cpu_seconds(Run run) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  double least = 1e9;
  for (int i = 0; i < 3; ++i) {
    const double begun = now();
    run();
    least = std::min(least, now() - begun);
  }
  return least;
}

/// Eight times as many should take eight times as long, and take 64 times as long if each looks at
/// all others.
template <class Run>
bool is_linear(Run run) {
  const double few = cpu_seconds([&] { run(std::size_t{2'000}); });
  const double many = cpu_seconds([&] { run(std::size_t{16'000}); });
  return many < 24 * few;
}

}  // namespace contrail
