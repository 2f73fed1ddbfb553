#pragma once

#include "contrail/fs.h"

namespace contrail::inline v0::detail {

/// `rm -r`, on the pool. Throws Error with the path that could not be removed.
void remove_tree(const fs::Path& path);

}  // namespace contrail::inline v0::detail
