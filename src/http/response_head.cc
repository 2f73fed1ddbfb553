#include "src/http/response_head.h"

#include <charconv>

#include "src/http/characters.h"

namespace contrail::inline v0::http {
namespace {

constexpr int no_content = 204;
constexpr int reset_content = 205;
constexpr int not_modified = 304;

/// The fields of ours among the handler's.
struct Fields {
  std::optional<std::uint64_t> content_length;
  bool close = false;
  bool date = false;
};

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool lists(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (same_name(without_blanks(list.substr(0, comma)), wanted)) return true;
    list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  }
  return false;
}

/// Copies what is the handler's business to text, and notes the rest.
Fields copy_fields(const Headers& headers, std::string& text) {
  Fields ours;
  for (const auto& [name, value] : headers) {
    if (same_name(name, "content-length")) {
      ours.content_length = to_number(value);
    } else if (same_name(name, "connection")) {
      ours.close |= lists(value, "close");
    } else if (!same_name(name, "transfer-encoding") && !same_name(name, "keep-alive")) {
      ours.date |= same_name(name, "date");
      text.append(name).append(": ").append(value).append("\r\n");
    }
  }
  return ours;
}

std::size_t room_for(const Headers& headers, const ResponsePlan& plan) {
  constexpr std::size_t our_own = 160;
  constexpr std::uint64_t largest_body = 64 * 1024;
  std::size_t room = our_own;
  for (const auto& [name, value] : headers) room += name.size() + value.size() + 4;
  if (plan.body_size && *plan.body_size <= largest_body) room += *plan.body_size;
  return room;
}

void append_number(std::string& text, std::uint64_t number) {
  char digits[20];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), number);
  text.append(digits, end);
}

/// The value of Content-Length, if there is to be one.
std::optional<std::uint64_t> declared_length(const ResponsePlan& plan, const Fields& ours) {
  if (plan.status == no_content) return std::nullopt;
  if (plan.status == reset_content) return 0;
  const bool without_body = plan.to_head || plan.status == not_modified;
  if (!without_body) return plan.body_size ? plan.body_size : ours.content_length;
  // What a GET would get: the handler knows, or has made it anyway.
  if (ours.content_length) return ours.content_length;
  return plan.body_size && *plan.body_size > 0 ? plan.body_size : std::nullopt;
}

Framing choose_framing(const ResponsePlan& plan, bool has_length) {
  if (plan.to_head || plan.status == no_content || plan.status == reset_content ||
      plan.status == not_modified) {
    return Framing::none;
  }
  if (has_length) return Framing::length;
  return plan.to_http_1_0 ? Framing::until_close : Framing::chunked;
}

}  // namespace

ResponseHead write_response_head(const ResponsePlan& plan, const Headers& headers,
                                 std::string_view date_line) {
  ResponseHead head;
  std::string& text = head.text;
  text.reserve(room_for(headers, plan));
  text.append("HTTP/1.1 ");
  append_number(text, static_cast<std::uint64_t>(plan.status));
  text.append(" ").append(reason_phrase(plan.status)).append("\r\n");

  const Fields ours = copy_fields(headers, text);
  if (!ours.date) text.append(date_line);
  const auto length = declared_length(plan, ours);
  head.framing = choose_framing(plan, length.has_value());
  head.length = length.value_or(0);
  head.keep_alive = plan.keep_alive && !ours.close && head.framing != Framing::until_close;
  if (length) {
    text.append("Content-Length: ");
    append_number(text, *length);
    text.append("\r\n");
  } else if (head.framing == Framing::chunked) {
    text.append("Transfer-Encoding: chunked\r\n");
  }
  if (!head.keep_alive) {
    text.append("Connection: close\r\n");
  } else if (plan.wants_keep_alive_said) {
    text.append("Connection: keep-alive\r\n");
  }
  text.append("\r\n");
  return head;
}

}  // namespace contrail::inline v0::http
