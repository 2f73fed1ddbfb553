#pragma once

#include <dirent.h>

#include <memory>
#include <optional>

#include "contrail/fs.h"

namespace contrail::inline v0::detail {

/// A directory being read. For the pool.
class DirStream {
 public:
  explicit DirStream(const fs::Path& path);
  /// Takes the descriptor, also if it fails.
  DirStream(int descriptor, const fs::Path& path);

  /// The next entry but "." and ".."; none at the end. Path is for the error.
  std::optional<fs::DirEntry> next(const fs::Path& path);
  int descriptor() const noexcept { return ::dirfd(directory_.get()); }

 private:
  fs::FileType type_of(const dirent& entry) const noexcept;

  struct Close {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };
  std::unique_ptr<DIR, Close> directory_;
};

}  // namespace contrail::inline v0::detail
