#include "src/http/request_head.h"

#include <llhttp.h>

#include <optional>
#include <utility>

#include "src/http/characters.h"

namespace contrail::inline v0::http {
namespace {

constexpr int bad_request = 400;
constexpr int expectation_failed = 417;
constexpr int not_implemented = 501;

/// Digits only, and few enough not to overflow.
std::optional<std::uint64_t> parse_length(std::string_view text) {
  constexpr std::size_t digits_max = 18;
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  std::uint64_t length = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    length = length * 10 + static_cast<unsigned>(c - '0');
  }
  return length;
}

/// 0 for the one transfer coding that we speak. One that ends in chunked could be understood by
/// somebody; of any other, nobody knows where it ends.
int check_coding(std::string_view value) {
  if (same_name(value, "chunked")) return 0;
  const std::size_t comma = value.rfind(',');
  const bool framed =
      comma != value.npos && same_name(without_blanks(value.substr(comma + 1)), "chunked");
  return framed ? not_implemented : bad_request;
}

int status_for(llhttp_errno error) {
  return error == HPE_INVALID_METHOD ? not_implemented : bad_request;
}

}  // namespace

/// llhttp's callbacks: where things are. It gets the whole head at once, so each comes in one span.
struct RequestHead::Reader {
  static Reader& of(llhttp_t* parser) { return *static_cast<Reader*>(parser->data); }

  Span span(const char* at, std::size_t size) const {
    return {static_cast<std::uint32_t>(at - head.text().data()), static_cast<std::uint32_t>(size)};
  }

  static int on_method(llhttp_t* parser, const char* at, std::size_t size) {
    Reader& reader = of(parser);
    reader.head.method_span = reader.span(at, size);
    return 0;
  }
  static int on_target(llhttp_t* parser, const char* at, std::size_t size) {
    Reader& reader = of(parser);
    reader.head.target_span = reader.span(at, size);
    return 0;
  }
  static int on_name(llhttp_t* parser, const char* at, std::size_t size) {
    Reader& reader = of(parser);
    reader.name = reader.value = reader.span(at, size);
    reader.value.size = 0;
    return 0;
  }
  static int on_value(llhttp_t* parser, const char* at, std::size_t size) {
    Reader& reader = of(parser);
    reader.value = reader.span(at, without_blanks({at, size}).size());
    return 0;
  }
  static int on_field(llhttp_t* parser) {
    auto& [head, name, value, complete] = of(parser);
    head.headers.places_.push_back({name.at, name.size, value.at, value.size});
    return 0;
  }
  static int on_complete(llhttp_t* parser) {
    Reader& reader = of(parser);
    reader.complete = true;
    reader.head.minor_version = parser->http_minor;
    reader.head.keep_alive = llhttp_should_keep_alive(parser) != 0;
    constexpr int without_body = 1;  // Bodies are not llhttp's business here: see ChunkScanner.
    return without_body;
  }

  RequestHead& head;
  Span name = {};
  Span value = {};
  bool complete = false;
};

int RequestHead::parse() {
  static constexpr llhttp_settings_t settings = [] {
    llhttp_settings_t callbacks{};
    callbacks.on_method = Reader::on_method;
    callbacks.on_url = Reader::on_target;
    callbacks.on_header_field = Reader::on_name;
    callbacks.on_header_value = Reader::on_value;
    callbacks.on_header_value_complete = Reader::on_field;
    callbacks.on_headers_complete = Reader::on_complete;
    return callbacks;
  }();
  Reader reader{*this};
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = &reader;
  const llhttp_errno error = llhttp_execute(&parser, text().data(), text().size());
  if (method() == "CONNECT") return not_implemented;
  if (error != HPE_OK && error != HPE_PAUSED_UPGRADE) return status_for(error);
  if (!reader.complete) return bad_request;
  if (const int status = check_target()) return status;
  return check_fields();
}

int RequestHead::check_target() const noexcept {
  const bool asks_server = target() == "*";
  return asks_server && method() != "OPTIONS" ? bad_request : 0;
}

/// Everything that decides where the message ends, or whom it is for, must be said once.
int RequestHead::check_fields() {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  int coding_status = 0;
  for (const auto& [name, value] : headers) {
    if (same_name(name, "host")) {
      if (!consists_of(in_host, value)) return bad_request;
      ++hosts;
    } else if (same_name(name, "content-length")) {
      const auto length = parse_length(value);
      if (!length) return bad_request;
      content_length = *length;
      ++lengths;
    } else if (same_name(name, "transfer-encoding")) {
      coding_status = check_coding(value);
      ++codings;
    } else if (minor_version > 0 && same_name(name, "expect")) {
      if (!same_name(value, "100-continue")) return expectation_failed;
      expects_continue = true;
    }
  }
  if (hosts > 1 || (hosts == 0 && minor_version > 0)) return bad_request;
  if (lengths + codings > 1 || (codings > 0 && minor_version == 0)) return bad_request;
  chunked = codings > 0;
  if (!has_body()) expects_continue = false;
  return coding_status;
}

void RequestHead::clear() noexcept {
  Headers room = std::move(headers);
  room.clear();
  *this = {};
  headers = std::move(room);
}

std::string_view RequestHead::path() const noexcept {
  std::string_view path = target().substr(0, target().find('?'));
  if (const std::size_t scheme = path.find("://"); scheme != path.npos && path.front() != '/') {
    const std::size_t slash = path.find('/', scheme + 3);
    if (slash == path.npos) return "/";
    path.remove_prefix(slash);
  }
  return path;
}

std::string_view RequestHead::query() const noexcept {
  const std::string_view all = target();
  const std::size_t mark = all.find('?');
  return mark == all.npos ? std::string_view() : all.substr(mark + 1);
}

}  // namespace contrail::inline v0::http
