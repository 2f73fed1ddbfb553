#include "contrail/error.h"

#include <fmt/core.h>
#include <uv.h>

namespace contrail::inline v0 {
namespace {

class UvCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "libuv"; }
  std::string message(int status) const override { return uv_strerror(status); }
  std::error_condition default_error_condition(int status) const noexcept override {
    // On Unix libuv's numbers are negated errno values; its own start at -3000.
    const bool is_errno = status < 0 && status > UV__EAI_ADDRFAMILY;
    return is_errno ? std::error_condition(-status, std::generic_category())
                    : std::error_condition(status, *this);
  }
};

std::string text_of(int status, std::string_view syscall, const std::string& subject,
                    std::string_view words) {
  return fmt::format("{}{}{}: {}: {}", syscall, subject.empty() ? "" : " ", subject,
                     uv_err_name(status), words);
}

}  // namespace

const std::error_category& uv_category() noexcept {
  static const UvCategory category;
  return category;
}

Error::Error(int uv_status, std::string_view syscall, std::string subject)
    : Error(uv_status, syscall, std::move(subject), uv_strerror(uv_status)) {}

Error::Error(int uv_status, std::string_view syscall, std::string subject, std::string_view words)
    : std::system_error(uv_status, uv_category()),
      name_(uv_err_name(uv_status)),
      syscall_(syscall),
      subject_(std::move(subject)),
      text_(text_of(uv_status, syscall, subject_, words)) {}

}  // namespace contrail::inline v0
