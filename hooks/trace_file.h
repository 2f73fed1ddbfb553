#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace contrail::inline v0::hooks {

/// A file that grows. Each flush writes what has gathered and the end of the document in one go,
/// over the end that the flush before it wrote: what is on disk is a complete document at any time.
class TraceFile {
 public:
  /// Throws Error, naming the path.
  explicit TraceFile(const std::filesystem::path& path);
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;
  ~TraceFile();

  /// Where to append what comes next.
  std::string& buffer() noexcept { return buffer_; }
  std::size_t buffered_bytes() const noexcept { return buffer_.size(); }

  /// `end` must never get shorter than before. False if this or an earlier write failed: from the
  /// first failure on, nothing more is written.
  bool flush(std::string_view end);
  void throw_if_failed() const;

 private:
  bool write_at(off_t offset, std::string_view text) noexcept;

  std::string path_;
  int fd_;
  pid_t owner_;
  off_t end_of_events_ = 0;
  std::string end_;     ///< Of the document, as it is on disk.
  std::string buffer_;  ///< Goes to end_of_events_.
  int error_ = 0;
};

}  // namespace contrail::inline v0::hooks
