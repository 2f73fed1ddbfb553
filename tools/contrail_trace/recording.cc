#include "tools/contrail_trace/recording.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "tools/contrail_trace/places.h"

namespace contrail::trace {

using hooks::FlightGroup;
using hooks::FlightHeader;

namespace {

/// Differences of times then cannot overflow.
constexpr std::int64_t time_max = std::int64_t{1} << 62;
/// The steady clock begins when the machine does: eighteen years.
constexpr std::int64_t uptime_max = std::int64_t{1} << 59;
constexpr std::int64_t minute = 60'000'000'000;
constexpr std::int64_t day = 24 * 60 * minute;
/// No writer makes so many; more would be a damaged number, and a lot of memory.
constexpr std::uint64_t groups_limit = 1 << 20;

bool is_event(FlightEvent event) {
  return event >= FlightEvent::init && event <= hooks::last_flight_event;
}

/// Sorted, without those that newer ones contradict. A single one may itself be damaged.
std::vector<std::int64_t> in_order(const std::vector<std::int64_t>& newest_first) {
  std::vector<std::int64_t> believed;
  for (auto one = newest_first.begin(); one != newest_first.end(); ++one) {
    const auto contradicts = [&](std::int64_t newer) { return newer < *one - minute; };
    if (std::count_if(newest_first.begin(), one, contradicts) <= 1) believed.push_back(*one);
  }
  std::sort(believed.begin(), believed.end());
  return believed;
}

}  // namespace

std::string Group::place() const {
  return file.empty() ? "" : fmt::format(" at {}:{}", short_file, line);
}

InputFile::InputFile(const std::string& path)
    : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path);
  struct stat status;
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd_);
    throw BadRecording("this is no regular file");
  }
}

InputFile::~InputFile() { ::close(fd_); }

std::size_t InputFile::read_at(std::uint64_t offset, void* to, std::size_t bytes) const {
  std::size_t got = 0;
  while (got < bytes) {
    const ssize_t more =
        ::pread(fd_, static_cast<char*>(to) + got, bytes - got, static_cast<off_t>(offset + got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) throw std::system_error(errno, std::generic_category(), "read");
    if (more == 0) break;
    got += static_cast<std::size_t>(more);
  }
  return got;
}

std::uint64_t InputFile::size() const {
  struct stat status;
  if (::fstat(fd_, &status) != 0) throw std::system_error(errno, std::generic_category(), "stat");
  return static_cast<std::uint64_t>(status.st_size);
}

Recording::Recording(const std::string& path) : file_(path), latest_(uptime_max) {
  read_header();
  read_groups();
  // The one before may be half overwritten by the one that was never counted.
  const std::uint64_t ring = header_.ring_records;
  oldest_ = header_.cursor >= ring ? header_.cursor - ring + 1 : 0;
  oldest_ = std::min(std::max(oldest_, header_.whole_from), header_.cursor);
  find_end();
}

std::string_view Recording::program_name() const noexcept {
  return {header_.program_name, ::strnlen(header_.program_name, sizeof header_.program_name)};
}

void Recording::read_header() {
  const std::size_t got = file_.read_at(0, &header_, sizeof header_);
  if (got < sizeof header_.magic ||
      std::string_view(header_.magic, sizeof header_.magic) != hooks::flight_magic) {
    throw BadRecording("byte 0: this is no flight recording");
  }
  if (got < sizeof header_) throw BadRecording(fmt::format("byte {}: the file ends here", got));
  if (header_.byte_order != hooks::flight_byte_order) {
    throw BadRecording("byte 16: recorded on a machine with another order of bytes");
  }
  if (header_.version != hooks::flight_version) {
    throw BadRecording(fmt::format("byte 20: version {} of the format, but I know version {} only",
                                   header_.version, hooks::flight_version));
  }
  const std::uint64_t size = file_.size();
  const auto ring_at = hooks::flight_header_bytes + header_.groups_max * sizeof(FlightGroup);
  if (header_.groups_max > groups_limit || header_.ring_offset != ring_at) {
    throw BadRecording("byte 24: the header contradicts itself");
  }
  // Also keeps offsets in range: cut off is what reaches beyond any file.
  if (header_.ring_records == 0 || header_.ring_records > time_max / sizeof(FlightRecord)) {
    throw BadRecording("byte 40: the header contradicts itself");
  }
  const std::uint64_t whole = ring_at + header_.ring_records * sizeof(FlightRecord);
  if (size < whole) {
    add_damage(size, fmt::format("the file ends here, {} bytes early", whole - size));
    end_told_ = true;
  }
  ring_in_file_ = size < ring_at ? 0 : (std::min(size, whole) - ring_at) / sizeof(FlightRecord);
  if (header_.cursor > time_max) throw BadRecording("byte 256: a count of records beyond reason");
  if (header_.steady_start < 0 || header_.steady_start > time_max) {
    throw BadRecording("byte 48: a time beyond reason");
  }
}

/// After the cursor: the groups of all records that it counts are there.
void Recording::read_groups() {
  constexpr std::size_t count_at = offsetof(FlightHeader, groups);
  file_.read_at(count_at, &header_.groups, sizeof header_.groups);
  if (header_.groups > header_.groups_max) {
    add_damage(count_at, fmt::format("{} groups, where there is room for {}", header_.groups,
                                     header_.groups_max));
    header_.groups = header_.groups_max;
  }
  std::vector<FlightGroup> table(header_.groups);
  const std::size_t bytes = table.size() * sizeof(FlightGroup);
  const std::size_t got = file_.read_at(hooks::flight_header_bytes, table.data(), bytes);
  table.resize(got / sizeof(FlightGroup));
  std::uint64_t offset = hooks::flight_header_bytes;
  for (const FlightGroup& entry : table) {
    groups_.push_back(group_of(entry, offset));
    offset += sizeof entry;
  }
  if (groups_.empty()) groups_.push_back({.type = "(unknown)", .file = {}});
  shorten_files(groups_);
}

Group Recording::group_of(const FlightGroup& entry, std::uint64_t offset) {
  const std::size_t type_bytes = entry.type_bytes;
  const std::size_t file_bytes = entry.file_bytes;
  if (type_bytes == 0 || type_bytes + file_bytes > sizeof entry.text) {
    add_damage(offset, "a group without a name");
    return {.type = "(damaged)", .file = {}};
  }
  const std::string_view text(entry.text, type_bytes + file_bytes);
  return {std::string(text.substr(0, type_bytes)), std::string(text.substr(type_bytes)),
          entry.line};
}

/// Times only increase, so that one that is much later than the end is damaged, wherever it is.
void Recording::find_end() {
  std::vector<std::int64_t> times = in_order(last_times());
  const auto is_lonely = [&] {
    return times.size() > 1 && times.back() - times.rbegin()[1] > 30 * day;
  };
  while (is_lonely()) times.pop_back();
  end_ = header_.steady_start;
  if (!times.empty()) end_ = times.back();
  if (header_.steady_start <= end_ + day) {
    earliest_ = std::max<std::int64_t>(0, header_.steady_start - day);
  } else {
    add_damage(offsetof(FlightHeader, steady_start), "a time later than the recording");
  }
  if (!times.empty()) latest_ = end_ + minute;
  if (header_.copied == 0) return;
  if (header_.copied < end_ - minute || header_.copied - end_ > 365 * day) {
    add_damage(offsetof(FlightHeader, copied), "a time beyond reason");
    header_.copied = 0;
    return;
  }
  // Where another thread made the copy, the Loop went on meanwhile.
  header_.copied = std::max(header_.copied, end_);
}

/// Those of the last few records that seem whole, the newest first.
std::vector<std::int64_t> Recording::last_times() const {
  constexpr std::size_t enough = 8;
  constexpr int tries_max = 1 << 16;
  std::vector<std::int64_t> times;
  std::uint64_t n = header_.cursor;
  for (int tries = 0; n > oldest_ && times.size() < enough && tries < tries_max; ++tries) {
    const std::uint64_t place = --n % header_.ring_records;
    if (place >= ring_in_file_) {  // Cut off: on to the last one that is not.
      n -= std::min(n - oldest_, place - ring_in_file_);
      continue;
    }
    FlightRecord record{};
    file_.read_at(offset_of(n), &record, sizeof record);
    const auto lap = static_cast<std::uint16_t>(n / header_.ring_records);
    if (record.lap == lap && is_event(record.event) && is_plausible(record.time)) {
      times.push_back(record.time);
    }
  }
  return times;
}

std::uint64_t Recording::offset_of(std::uint64_t n) const {
  return header_.ring_offset + n % header_.ring_records * sizeof(FlightRecord);
}

/// Reads records from `first` on, as many as lie side by side; which is the first that was not.
std::uint64_t Recording::fetch(std::uint64_t first) {
  const std::uint64_t place = first % header_.ring_records;
  const std::uint64_t to_cursor = header_.cursor - first;
  if (place >= ring_in_file_) {
    chunk_.clear();
    return first + std::min(to_cursor, header_.ring_records - place);
  }
  const std::uint64_t count = std::min({chunk_records, to_cursor, ring_in_file_ - place});
  chunk_.resize(count);
  const std::size_t bytes = count * sizeof(FlightRecord);
  present_until_ =
      first + file_.read_at(offset_of(first), chunk_.data(), bytes) / sizeof(FlightRecord);
  std::uint64_t cursor = header_.cursor;
  file_.read_at(offsetof(FlightHeader, cursor), &cursor, sizeof cursor);
  const std::uint64_t ring = header_.ring_records;
  whole_from_ = cursor > header_.cursor && cursor >= ring ? cursor - ring + 1 : 0;
  return first + count;
}

/// The record, unless it is not whole.
const FlightRecord* Recording::check(std::uint64_t n, std::uint64_t first) {
  if (n < whole_from_) {
    ++overtaken_;
    return nullptr;
  }
  if (n >= present_until_) {
    if (!std::exchange(end_told_, true)) add_damage(offset_of(n), "the file ends here");
    return nullptr;
  }
  FlightRecord& record = chunk_[n - first];
  const auto lap = static_cast<std::uint16_t>(n / header_.ring_records);
  // A copy of a file that was being written has old and new records side by side.
  if (record.lap == static_cast<std::uint16_t>(lap + 1)) {
    ++overtaken_;
    return nullptr;
  }
  if (record.lap != lap) return spoilt(n, fmt::format("a record of lap {}", record.lap));
  if (!is_event(record.event)) {
    return spoilt(n, fmt::format("event {}", static_cast<int>(record.event)));
  }
  if (!is_plausible(record.time)) return spoilt(n, "a time beyond reason");
  if (record.group >= groups_.size()) {
    add_damage(offset_of(n), fmt::format("group {}, of {}", record.group, groups_.size()));
    record.group = 0;
  }
  return &record;
}

const FlightRecord* Recording::spoilt(std::uint64_t n, std::string what) {
  add_damage(offset_of(n), std::move(what));
  return nullptr;
}

void Recording::add_damage(std::uint64_t offset, std::string what) {
  ++damage_count_;
  if (damages_.size() < damages_max) damages_.push_back({offset, std::move(what)});
}

}  // namespace contrail::trace
