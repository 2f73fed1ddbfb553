// Whatever is in a file, contrail-trace makes its reports of it, or says that it is no recording.
// The input is a whole file, or, if its first byte is odd, changes to a good one.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "test/support/flight_records.h"

namespace {

using namespace contrail;
using hooks::FlightEvent;

/// A file of the input's bytes, at a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(::memfd_create("fuzz", 0)) {
    if (fd_ < 0 || ::write(fd_, bytes.data(), bytes.size()) < 0) std::abort();
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(fd_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

std::string good_recording() {
  MadeUpFlight flight(32);
  for (std::uint64_t id = 2; id < 12; ++id) {
    const auto time = static_cast<std::int64_t>(1000 * id);
    const auto group = static_cast<std::uint32_t>(1 + id % 2);
    flight.add(FlightEvent::request, time, id, id % 3, group);
    flight.add(FlightEvent::init, time, id, id - 1, group);
    flight.add(FlightEvent::before, time + 100, id, id % 3, group);
    flight.add(FlightEvent::after, time + 200, id, id % 3, group);
    flight.add(FlightEvent::destroy, time + 300, id, id % 3, group);
  }
  return flight.bytes();
}

/// Three bytes each: where, and what.
std::string changed(std::string bytes, const std::uint8_t* data, std::size_t size) {
  for (; size >= 3; data += 3, size -= 3) {
    bytes[(data[0] << 8 | data[1]) % bytes.size()] = static_cast<char>(data[2]);
  }
  return bytes;
}

void report(const std::string& path, const trace::ReportKind& kind, bool json, bool filtered) {
  trace::Recording recording(path);
  trace::FilterOptions options;
  if (filtered) options = {.types = {"Timeout"}, .request = 2, .since = 4000, .until = 500};
  const trace::Filter filter(options, recording);
  trace::Output out("/dev/null");
  const auto report = kind.make({recording, out, json, recording.end_time(), filtered});
  trace::Replay replay(filter, *report);
  recording.read([&](const trace::FlightRecord& record) { replay.next(record); },
                 [](std::uint64_t) {});
  replay.finish();
  out.flush();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::string good = good_recording();
  const bool is_change = data[0] % 2 == 1;
  const MemoryFile file(is_change ? changed(good, data + 1, size - 1)
                                  : std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  try {
    for (const trace::ReportKind& kind : trace::report_kinds()) {
      report(file.path(), kind, false, data[0] & 2);
      if (kind.has_json) report(file.path(), kind, true, data[0] & 2);
    }
  } catch (const trace::BadRecording&) {
  }
  return 0;
}
