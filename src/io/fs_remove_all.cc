#include "src/io/fs_remove_all.h"

#include <cerrno>
#include <vector>

#include "src/io/descriptor.h"
#include "src/io/dir_stream.h"

namespace contrail::inline v0::detail {
namespace {

/// A directory on the way down. Names are relative to open directories, so that a link that takes
/// a directory's place meanwhile leads nowhere else; and there is no recursion, so that the depth
/// of a tree ends at the limit of open files and not in a stack overflow.
struct Level {
  DirStream entries;
  fs::Path path;  ///< For errors.
};

class TreeRemoval {
 public:
  void run(const fs::Path& top) {
    if (remove_file(AT_FDCWD, top.native(), top)) return;
    descend(AT_FDCWD, top.native(), top);
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (auto entry = level.entries.next(level.path)) {
        remove_entry(level, entry->name);
      } else {
        leave();
      }
    }
  }

 private:
  void remove_entry(const Level& level, const std::string& name) {
    const int parent = level.entries.descriptor();
    const fs::Path path = level.path / name;
    if (!remove_file(parent, name, path)) descend(parent, name, path);
  }

  /// False if it is a directory.
  bool remove_file(int parent, const std::string& name, const fs::Path& path) {
    if (::unlinkat(parent, name.c_str(), 0) == 0) return true;
    const int failure = errno;
    if (failure == ENOENT && !levels_.empty()) return true;
    // POSIX says EPERM of a directory, Linux says EISDIR; some file systems say neither.
    struct ::stat status;
    if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(status.st_mode)) {
      return false;
    }
    errno = failure;
    fail("unlink", path);
  }

  void descend(int parent, const std::string& name, const fs::Path& path) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int descriptor = ::openat(parent, name.c_str(), flags);
    if (descriptor < 0) fail("opendir", path);
    levels_.push_back({DirStream(descriptor, path), path});
  }

  /// Removes the directory that is empty now.
  void leave() {
    const fs::Path path = std::move(levels_.back().path);
    levels_.pop_back();
    const bool is_top = levels_.empty();
    const int parent = is_top ? AT_FDCWD : levels_.back().entries.descriptor();
    const fs::Path name = is_top ? path : path.filename();
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT) fail("rmdir", path);
  }

  std::vector<Level> levels_;
};

}  // namespace

void remove_tree(const fs::Path& path) { TreeRemoval().run(path); }

}  // namespace contrail::inline v0::detail
