#include "src/io/fs_request.h"

#include <cerrno>

namespace contrail::inline v0::detail {

void fail(std::string_view syscall, const std::string& path) {
  throw Error(uv_translate_sys_error(errno), syscall, path);
}

void fail(std::string_view syscall, const std::string& from, const std::string& to) {
  throw Error(uv_translate_sys_error(errno), syscall, from + " -> " + to);
}

std::optional<Error> refusal(std::string_view operation, const fs::Path& path) {
  constexpr std::size_t shown_max = 128;
  const std::string& text = path.native();
  if (const auto end = text.find('\0'); end != std::string::npos) {
    return Error(UV_EINVAL, operation, text.substr(0, std::min(end, shown_max)) + "\\0…");
  }
  if (text.size() < PATH_MAX) return std::nullopt;
  return Error(UV_ENAMETOOLONG, operation, text.substr(0, shown_max) + "…");
}

}  // namespace contrail::inline v0::detail
