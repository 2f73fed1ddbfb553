#include "test/conformance/suite/text_file.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "test/conformance/suite/command.h"

namespace contrail::conformance {
namespace {

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

[[noreturn]] void fail(const std::filesystem::path& file, const char* action, int error) {
  throw BadInput(fmt::format("{}: cannot be {}: {}", file.string(), action, std::strerror(error)));
}

}  // namespace

std::string read_text(const std::filesystem::path& file) {
  if (file == "-") return read_all(std::cin);
  if (std::filesystem::is_directory(file)) fail(file, "read", EISDIR);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail(file, "read", errno);
  return read_all(stream);
}

void write_text(const std::filesystem::path& file, std::string_view text) {
  std::error_code failure;
  std::filesystem::create_directories(file.parent_path(), failure);
  std::ofstream stream(file, std::ios::binary);
  if (stream) stream << text << std::flush;
  if (!stream) fail(file, "written", failure ? failure.value() : errno);
}

}  // namespace contrail::conformance
