#include "src/io/tree_stream.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "src/io/descriptor.h"
#include "src/io/fs_stat.h"

namespace contrail::inline v0::detail {
namespace {

/// Of what a link leads to; a link, if it leads nowhere.
fs::FileType type_behind(int parent, const std::string& name) noexcept {
  struct ::stat status;
  if (::fstatat(parent, name.c_str(), &status, 0) < 0) return fs::FileType::link;
  return type_of(status.st_mode);
}

}  // namespace

TreeStream::TreeStream(const fs::Path& top, const fs::WalkOptions& options) : options_(options) {
  enter(AT_FDCWD, top.native(), top, 0);
}

std::optional<fs::WalkEntry> TreeStream::next(const fs::Path&) {
  while (!levels_.empty()) {
    const Level& level = levels_.back();
    try {
      if (const auto entry = levels_.back().entries.next(level.path)) return visit(*entry);
    } catch (const Error& error) {
      fs::WalkEntry failed{level.path, fs::FileType::directory, levels_.size() - 1, error};
      levels_.pop_back();
      return failed;
    }
    levels_.pop_back();
  }
  return std::nullopt;
}

fs::WalkEntry TreeStream::visit(const fs::DirEntry& entry) {
  const Level& level = levels_.back();
  const int parent = level.entries.descriptor();
  fs::WalkEntry found{level.path / entry.name, entry.type, levels_.size()};
  if (options_.follow_links && entry.is_link()) found.type = type_behind(parent, entry.name);
  if (found.type != fs::FileType::directory || found.depth >= options_.max_depth) return found;
  try {
    enter(parent, entry.name, found.path, options_.follow_links ? 0 : O_NOFOLLOW);
  } catch (const Error& error) {
    found.error = error;
  }
  return found;
}

void TreeStream::enter(int parent, const std::string& name, const fs::Path& path, int more_flags) {
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | more_flags;
  Descriptor opened(checked(
      "opendir", [&] { return ::openat(parent, name.c_str(), flags); }, path));
  struct ::stat status;
  checked(
      "fstat", [&] { return ::fstat(opened.number(), &status); }, path);
  if (is_inside(status.st_dev, status.st_ino)) throw Error(UV_ELOOP, "opendir", path.string());
  levels_.push_back({DirStream(opened.release(), path), path, status.st_dev, status.st_ino});
}

bool TreeStream::is_inside(dev_t device, ino_t inode) const noexcept {
  return std::ranges::any_of(
      levels_, [=](const Level& level) { return level.device == device && level.inode == inode; });
}

}  // namespace contrail::inline v0::detail
