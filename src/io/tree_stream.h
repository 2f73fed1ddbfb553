#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "contrail/dir.h"
#include "src/io/dir_stream.h"

namespace contrail::inline v0::detail {

/// A tree of directories being read. For the pool.
class TreeStream {
 public:
  TreeStream(const fs::Path& top, const fs::WalkOptions& options);

  /// The next entry; none at the end.
  std::optional<fs::WalkEntry> next(const fs::Path& top);

 private:
  /// Directories on the way down. Names are relative to them, so that a link that takes one's place
  /// meanwhile leads nowhere else; and there is no recursion.
  struct Level {
    DirStream entries;
    fs::Path path;
    dev_t device;
    ino_t inode;
  };

  fs::WalkEntry visit(const fs::DirEntry& entry);
  void enter(int parent, const std::string& name, const fs::Path& path, int more_flags);
  bool is_inside(dev_t device, ino_t inode) const noexcept;

  fs::WalkOptions options_;
  std::vector<Level> levels_;
};

}  // namespace contrail::inline v0::detail
