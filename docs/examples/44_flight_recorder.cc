// A flight recorder: the latest events are in a file, whatever becomes of the process.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <cstdint>
#include <filesystem>

using namespace contrail;
using namespace std::chrono_literals;

AsyncLocalStorage<std::uint64_t> request;

std::uint64_t current_request() {
  const std::uint64_t* number = request.get_store();
  return number ? *number : 0;
}

int main() {
  const auto file = std::filesystem::temp_directory_path() / "44_flight_recorder.flight";
  Loop loop;
  hooks::FlightRecorder recorder(file, {.loop_phases = false, .request = current_request});

  for (std::uint64_t number = 1; number <= 3; ++number) {
    request.run(number, [] { set_timeout([] {}, 1ms); });
  }
  loop.run();

  // Were this abort(), the file would be the same.
  //
  //     contrail-trace summary 44_flight_recorder.flight
  //     contrail-trace timeline 44_flight_recorder.flight --request 2
  fmt::print("{} events in {} MiB\n", recorder.recorded(), std::filesystem::file_size(file) >> 20);
  std::filesystem::remove(file);
}
