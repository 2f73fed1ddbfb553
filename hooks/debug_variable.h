#pragma once

#include <string_view>

namespace contrail::inline v0::hooks {

/// Whether the environment variable CONTRAIL_DEBUG asks for this: it is a list separated by commas,
/// in any case, where * stands for anything.
bool switched_on(std::string_view name);

}  // namespace contrail::inline v0::hooks
