#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "hooks/flight_format.h"
#include "hooks/mapped_file.h"
#include "hooks/resource_groups.h"

namespace contrail::inline v0::hooks {

/// The writing end of a flight recording.
class FlightFile {
 public:
  /// Throws Error, and std::invalid_argument if there is no room for anything.
  FlightFile(const std::filesystem::path& path, std::size_t bytes, std::size_t groups_max);

  /// Counted once it is whole: whatever happens in between, the file is in order.
  void put(FlightEvent event, std::int64_t time, std::uint64_t id, std::uint64_t other,
           std::uint32_t group) noexcept {
    ring_[place_] = {time, id, other, group, event, 0, lap_};
    if (++place_ == ring_records_) [[unlikely]] {
      place_ = 0;
      ++lap_;
    }
    ++cursor_;
    publish(header_->cursor, cursor_);
  }

  /// Its number is how many there were before. Must come ahead of the records that name it.
  void add(const ResourceGroup& group) noexcept;
  void set_resources_without_group(std::uint64_t count) noexcept {
    header_->resources_without_group = count;
  }

  std::uint64_t groups() const noexcept { return groups_; }
  std::uint64_t recorded() const noexcept { return cursor_; }
  std::uint64_t overwritten() const noexcept {
    return cursor_ > ring_records_ ? cursor_ - ring_records_ : 0;
  }
  /// Says in the copy when it was made. Throws Error.
  void copy_to(const std::filesystem::path& path) const;
  const FlightHeader& header() const noexcept { return *header_; }
  const MappedFile& mapped() const noexcept { return file_; }

 private:
  static void publish(std::uint64_t& count, std::uint64_t value) noexcept {
    std::atomic_ref(count).store(value, std::memory_order_release);
  }

  MappedFile file_;
  FlightHeader* header_;
  FlightGroup* group_table_;
  FlightRecord* ring_;
  std::uint64_t groups_max_;
  std::uint64_t ring_records_;
  // Here as well, as a forked process finds zeros in the file's place.
  std::uint64_t groups_ = 0;
  std::uint64_t cursor_ = 0;
  std::uint64_t place_ = 0;
  std::uint16_t lap_ = 0;
};

}  // namespace contrail::inline v0::hooks
