// Numbers for a dashboard, in the format of Prometheus.

#include <contrail/contrail.h>
#include <fmt/core.h>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  const hooks::Metrics metrics({.prefix = "my_app"});

  for (int i = 0; i < 3; ++i) set_timeout([] { next_tick([] {}); }, 1ms);
  loop.run();

  const std::string text = metrics.prometheus();  // What GET /metrics would answer.
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line.find("created_total{type=\"T") != line.npos ||
        line.find("seconds_count") != line.npos) {
      fmt::print("{}\n", line);
    }
    begin = end + 1;
  }
}
