#pragma once

#include <string>
#include <string_view>

namespace contrail::conformance {

/// Two texts in two columns, equal lines in one row; `!` marks the rows that differ.
std::string side_by_side(std::string_view left_name, std::string_view left,
                         std::string_view right_name, std::string_view right);

}  // namespace contrail::conformance
