#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "hooks/flight_format.h"

namespace contrail::trace {

using hooks::FlightEvent;
using hooks::FlightRecord;

/// A file in which nothing can be read.
struct BadRecording : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where in the file something is not as it should be.
struct Damage {
  std::uint64_t offset;
  std::string what;
};

/// Resources of one type that were made in one place.
struct Group {
  std::string type;
  std::string file;  ///< Empty if unknown.
  unsigned line = 0;
  /// For people: without what all files of the recording begin with.
  std::string short_file = {};

  /// " at app.cc:17", or nothing.
  std::string place() const;
  /// "Timeout at app.cc:17", or only the type.
  std::string description() const { return type + place(); }
  /// "Timeout 2 at app.cc:17"
  std::string description(std::uint64_t id) const {
    return fmt::format("{} {}{}", type, id, place());
  }
};

/// An open file, for reading.
class InputFile {
 public:
  explicit InputFile(const std::string& path);  ///< Throws std::system_error.
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  /// Says how many bytes there were. Not mapped: others may cut the file off at any time.
  std::size_t read_at(std::uint64_t offset, void* to, std::size_t bytes) const;
  std::uint64_t size() const;

 private:
  int fd_;
};

/// A flight recording: what is whole in it, from the oldest record to the newest. The file may be
/// cut off, damaged, or being written at this moment.
class Recording {
 public:
  /// Throws std::system_error, and BadRecording if the file is none of ours.
  explicit Recording(const std::string& path);

  const hooks::FlightHeader& header() const noexcept { return header_; }
  const std::vector<Group>& groups() const noexcept { return groups_; }  ///< At least group 0.
  std::string_view program_name() const noexcept;

  /// How many records read() comes by.
  std::uint64_t records() const noexcept { return header_.cursor - oldest_; }
  std::uint64_t overwritten() const noexcept { return oldest_; }
  /// Of the newest record, or of the beginning if there is none.
  std::int64_t end_time() const noexcept { return end_; }
  /// Nothing more happened until then: when it was copied, or its end.
  std::int64_t known_until() const noexcept { return is_copy() ? header_.copied : end_; }
  /// By the program that recorded it, which says when.
  bool is_copy() const noexcept { return header_.copied != 0; }

  /// Calls each(record) with everything that is whole, and turn(how many have been passed) now and
  /// then. What a record says is in range: its event, its group, its time.
  template <class Each, class Turn>
  void read(Each&& each, Turn&& turn) {
    for (std::uint64_t next = oldest_; next < header_.cursor;) {
      const std::uint64_t first = next;
      next = fetch(first);
      for (std::uint64_t n = first; n < first + chunk_.size(); ++n) {
        if (const FlightRecord* record = check(n, first)) each(*record);
      }
      turn(next - oldest_);
    }
  }

  /// The first few, and how many there are.
  const std::vector<Damage>& damages() const noexcept { return damages_; }
  std::uint64_t damage_count() const noexcept { return damage_count_; }
  /// Records that were overwritten while they were being read.
  std::uint64_t overtaken() const noexcept { return overtaken_; }

 private:
  static constexpr std::uint64_t chunk_records = 32768;
  static constexpr std::size_t damages_max = 8;

  void read_header();
  void read_groups();
  void find_end();
  std::vector<std::int64_t> last_times() const;
  bool is_plausible(std::int64_t time) const { return time >= earliest_ && time <= latest_; }
  Group group_of(const hooks::FlightGroup& entry, std::uint64_t offset);
  std::uint64_t offset_of(std::uint64_t n) const;
  std::uint64_t fetch(std::uint64_t first);
  const FlightRecord* check(std::uint64_t n, std::uint64_t first);
  const FlightRecord* spoilt(std::uint64_t n, std::string what);
  void add_damage(std::uint64_t offset, std::string what);

  InputFile file_;
  hooks::FlightHeader header_{};
  std::vector<Group> groups_;
  std::uint64_t oldest_ = 0;
  std::int64_t end_ = 0;
  std::int64_t earliest_ = 0;  ///< Times outside of these are damaged.
  std::int64_t latest_;
  std::uint64_t ring_in_file_ = 0;  ///< Records, in a file that is cut off.
  std::vector<FlightRecord> chunk_;
  std::uint64_t whole_from_ = 0;     ///< Of the chunk: what is before was overwritten by now.
  std::uint64_t present_until_ = 0;  ///< What is after is beyond the end of the file.
  bool end_told_ = false;
  std::vector<Damage> damages_;
  std::uint64_t damage_count_ = 0;
  std::uint64_t overtaken_ = 0;
};

}  // namespace contrail::trace
