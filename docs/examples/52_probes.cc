// Probes for bpftrace: nothing else is needed, and nothing happens until somebody is attached.
//
//   bpftrace -p PID -e 'usdt:*:contrail:init { @[str(arg2)] = count(); }'

#include <contrail/contrail.h>
#include <fmt/core.h>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  const hooks::Probes probes;
  set_timeout([&] { fmt::print("somebody watches: {}\n", probes.attached()); }, 1ms);
  loop.run();
}
