#include "src/io/dir_stream.h"

#include <cerrno>

#include "src/io/descriptor.h"
#include "src/io/fs_stat.h"

namespace contrail::inline v0::detail {

DirStream::DirStream(const fs::Path& path) : directory_(::opendir(path.c_str())) {
  if (!directory_) fail("opendir", path);
}

DirStream::DirStream(int descriptor, const fs::Path& path) {
  Descriptor owned(descriptor);
  directory_.reset(::fdopendir(descriptor));
  if (!directory_) fail("opendir", path);
  owned.release();
}

std::optional<fs::DirEntry> DirStream::next(const fs::Path& path) {
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory_.get());
    if (!entry && errno != 0) fail("readdir", path);
    if (!entry) return std::nullopt;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return fs::DirEntry{std::string(name), type_of(*entry)};
  }
}

fs::FileType DirStream::type_of(const dirent& entry) const noexcept {
  if (entry.d_type != DT_UNKNOWN) return detail::type_of(DTTOIF(entry.d_type));
  // Some file systems make us ask for each.
  struct ::stat status;
  if (::fstatat(descriptor(), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
    return fs::FileType::unknown;
  }
  return detail::type_of(status.st_mode);
}

}  // namespace contrail::inline v0::detail
