#pragma once

#include <sys/stat.h>

#include "contrail/fs.h"

namespace contrail::inline v0::detail {

fs::Stat from_system(const struct ::stat& status) noexcept;
fs::FileType type_of(mode_t mode) noexcept;
fs::Time from_system(const timespec& time) noexcept;
timespec to_system(fs::Time time) noexcept;

}  // namespace contrail::inline v0::detail
