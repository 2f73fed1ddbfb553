#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace contrail::inline v0::hooks {

/// Appends text as the inside of a JSON string. What is not UTF-8 becomes U+FFFD, byte by byte.
void append_escaped(std::string& json, std::string_view text);

/// How many bytes the character that text starts with has; 0 if it starts with none of UTF-8.
std::size_t character_bytes(std::string_view text);

/// text as a JSON string, quotes included.
std::string json_string(std::string_view text);

}  // namespace contrail::inline v0::hooks
