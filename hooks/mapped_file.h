#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace contrail::inline v0::hooks {

/// A new regular file of a fixed size that is shared memory of this process: what is written there
/// survives it, however it ends.
class MappedFile {
 public:
  /// In place of what has that name, but without touching that: others may have it mapped. All of
  /// the room is taken on disk at once, so that later writes cannot fail. Throws Error.
  MappedFile(const std::filesystem::path& path, std::size_t bytes);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();  ///< The file stays.

  /// Zeros at first. In a process that was forked off: zeros again, and no longer in the file.
  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  const std::filesystem::path& path() const noexcept { return path_; }

  /// Throws Error if the path leads to this file.
  void check_that_other(const std::filesystem::path& path) const;
  /// Writes all of it to another file, in place of what has that name, but with another
  /// `beginning`. Throws Error.
  void copy_to(const std::filesystem::path& path, std::span<const std::byte> beginning) const;

 private:
  std::filesystem::path path_;
  std::byte* data_;
  std::size_t size_;
};

}  // namespace contrail::inline v0::hooks
