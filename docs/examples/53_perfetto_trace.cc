// A time line for ui.perfetto.dev: run it with the name of a file, and open that there.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <filesystem>

using namespace contrail;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  const bool keep = argc > 1;
  const std::filesystem::path file =
      keep ? argv[1] : std::filesystem::temp_directory_path() / "53_perfetto_trace.pftrace";

  Loop loop;
  AsyncLocalStorage<std::uint64_t> request;
  auto current_request = [&] {  // What belongs together gets one colour.
    const auto* number = request.get_store();
    return number ? *number : std::uint64_t{0};
  };
  hooks::PerfettoTrace trace(file, {.thread_name = "my server", .request = current_request});

  for (std::uint64_t number = 1; number <= 3; ++number) {
    request.run(number, [] { set_timeout([] { next_tick([] { set_immediate([] {}); }); }, 1ms); });
  }
  loop.run();
  trace.close();

  fmt::print("dropped: {} events, {} arrows\n", trace.dropped_events(), trace.dropped_arrows());
  if (!keep) std::filesystem::remove(file);
}
