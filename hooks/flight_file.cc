#include "hooks/flight_file.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string_view>

#include "contrail/loop.h"

namespace contrail::inline v0::hooks {
namespace {

constexpr std::size_t records_min = 128;
constexpr std::size_t type_bytes_max = 80;

std::string_view program_name() {
#ifdef __GLIBC__
  return program_invocation_short_name;
#else
  return "";
#endif
}

template <class Clock>
std::int64_t now() {
  return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

std::size_t ring_offset(std::size_t groups_max) {
  return flight_header_bytes + (groups_max + 1) * sizeof(FlightGroup);
}

std::size_t checked_bytes(std::size_t bytes, std::size_t groups_max) {
  // The first comparison is for the sake of the sum.
  if (groups_max > bytes / sizeof(FlightGroup) ||
      bytes < ring_offset(groups_max) + records_min * sizeof(FlightRecord)) {
    throw std::invalid_argument(
        "FlightRecorder: max_bytes has no room for groups_max and 128 events");
  }
  return bytes;
}

/// The end of a path says more than its beginning.
std::string_view end_of(std::string_view text, std::size_t bytes) {
  return text.substr(text.size() - std::min(text.size(), bytes));
}

}  // namespace

FlightFile::FlightFile(const std::filesystem::path& path, std::size_t bytes, std::size_t groups_max)
    : file_(path, checked_bytes(bytes, groups_max)), groups_max_(groups_max + 1) {
  const std::size_t offset = ring_offset(groups_max);
  ring_records_ = (bytes - offset) / sizeof(FlightRecord);
  // What the file consists of are implicit-lifetime types: the mapping is as good as a malloc().
  header_ = reinterpret_cast<FlightHeader*>(file_.data());
  group_table_ = reinterpret_cast<FlightGroup*>(file_.data() + flight_header_bytes);
  ring_ = reinterpret_cast<FlightRecord*>(file_.data() + offset);
  header_->byte_order = flight_byte_order;
  header_->version = flight_version;
  header_->groups_max = groups_max_;
  header_->ring_offset = offset;
  header_->ring_records = ring_records_;
  header_->steady_start = now<std::chrono::steady_clock>();
  header_->wall_start = now<std::chrono::system_clock>();
  header_->process = static_cast<std::uint64_t>(::getpid());
  header_->loop = Loop::current().number();
  const std::string_view name = program_name().substr(0, sizeof header_->program_name - 1);
  name.copy(header_->program_name, name.size());
  // Last: a file without it is not one of ours, or not yet.
  std::atomic_signal_fence(std::memory_order_release);
  flight_magic.copy(header_->magic, sizeof header_->magic);
}

void FlightFile::copy_to(const std::filesystem::path& path) const {
  FlightHeader header = *header_;
  header.copied = now<std::chrono::steady_clock>();
  file_.copy_to(path, std::as_bytes(std::span(&header, 1)));
}

void FlightFile::add(const ResourceGroup& group) noexcept {
  if (groups_ == groups_max_) return;
  const std::string_view type = end_of(group.type, type_bytes_max);
  FlightGroup& entry = group_table_[groups_];
  const std::string_view file = end_of(group.file, sizeof entry.text - type.size());
  entry.line = group.line;
  entry.type_bytes = static_cast<std::uint16_t>(type.size());
  entry.file_bytes = static_cast<std::uint16_t>(file.size());
  type.copy(entry.text, type.size());
  file.copy(entry.text + type.size(), file.size());
  publish(header_->groups, ++groups_);
}

}  // namespace contrail::inline v0::hooks
