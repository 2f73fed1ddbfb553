#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "contrail/http/headers.h"

namespace contrail::inline v0::http {

/// What the head of a request says: read in place, in the text that headers keeps.
struct RequestHead {
  /// Reads text(), which a HeadScanner has found complete and in order. Returns 0, or the status
  /// that answers what is wrong with it.
  int parse();

  /// Where the bytes of the head are collected.
  std::string& text() noexcept { return headers.text_; }
  void clear() noexcept;

  std::string_view method() const noexcept { return view(method_span); }
  std::string_view target() const noexcept { return view(target_span); }
  std::string_view path() const noexcept;
  std::string_view query() const noexcept;
  bool has_body() const noexcept { return chunked || content_length > 0; }

  struct Span {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };

  Headers headers;
  Span method_span;
  Span target_span;
  std::uint64_t content_length = 0;
  int minor_version = 1;
  bool chunked = false;
  bool keep_alive = false;
  bool expects_continue = false;

 private:
  struct Reader;
  int check_fields();
  int check_target() const noexcept;
  std::string_view view(Span span) const noexcept {
    return std::string_view(headers.text_).substr(span.at, span.size);
  }
};

}  // namespace contrail::inline v0::http
