#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "contrail/http/headers.h"

namespace contrail::inline v0::http {

/// How a client knows where a response ends.
enum class Framing : std::uint8_t {
  none,         ///< There is no body, whatever the fields say.
  length,       ///< Content-Length.
  chunked,      ///< The empty chunk.
  until_close,  ///< The end of the connection: HTTP/1.0.
};

/// What decides how a response is framed.
struct ResponsePlan {
  int status;
  bool to_head;  ///< The request was a HEAD.
  bool to_http_1_0;
  bool keep_alive;                         ///< In: the connection could go on. Out: it will.
  bool wants_keep_alive_said;              ///< As HTTP/1.0 clients do.
  std::optional<std::uint64_t> body_size;  ///< If it is known by now.
};

struct ResponseHead {
  std::string text;  ///< Up to the empty line, with room for a body of plan.body_size.
  Framing framing;
  std::uint64_t length = 0;  ///< Of what has to follow, if framing is length.
  bool keep_alive = true;
};

ResponseHead write_response_head(const ResponsePlan& plan, const Headers& headers,
                                 std::string_view date_line);

/// "Not Found"; empty for a status nobody has named.
std::string_view reason_phrase(int status) noexcept;

}  // namespace contrail::inline v0::http
