#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace contrail::conformance {

/// The way to an element of a JSON document: keys of objects, indices of arrays.
using JsonPath = std::vector<std::variant<std::size_t, std::string>>;

/// Where the element starts in the text, in bytes. The text has to be valid JSON.
std::size_t offset_of(std::string_view text, const JsonPath& path);

/// "line:column", both from 1, columns in characters: as editors count.
std::string line_and_column(std::string_view text, std::size_t offset);

}  // namespace contrail::conformance
