#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace contrail::conformance {

/// The whole file; `-` is standard input. Throws BadInput, naming the file and the reason.
std::string read_text(const std::filesystem::path& file);

/// Makes the folders on the way. Throws BadInput.
void write_text(const std::filesystem::path& file, std::string_view text);

}  // namespace contrail::conformance
