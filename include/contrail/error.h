#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "contrail/detail/export.h"

namespace contrail::inline v0 {

/// The category of libuv's error numbers. Codes compare equal to the matching std::errc, so
/// `error.code() == std::errc::connection_refused` is portable.
CONTRAIL_API const std::error_category& uv_category() noexcept;

/// A failed operation: which one, on what, and why. Reads "connect 127.0.0.1:1: ECONNREFUSED:
/// connection refused".
class CONTRAIL_API Error : public std::system_error {
 public:
  /// `uv_status` is negative, as libuv returns it. `syscall` must be a string literal.
  Error(int uv_status, std::string_view syscall, std::string subject = {});
  /// The same, with words of your own in place of libuv's for the status.
  Error(int uv_status, std::string_view syscall, std::string subject, std::string_view words);

  const char* what() const noexcept override { return text_.c_str(); }
  std::string_view name() const noexcept { return name_; }          ///< "ECONNREFUSED"
  std::string_view syscall() const noexcept { return syscall_; }    ///< "connect"
  const std::string& subject() const noexcept { return subject_; }  ///< A path or an address.

 private:
  std::string name_;
  std::string_view syscall_;
  std::string subject_;
  std::string text_;
};

}  // namespace contrail::inline v0
