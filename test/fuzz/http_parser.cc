// However the bytes of a connection are cut, the same requests come out of them, or the same
// failure at the same place.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "src/http/request_parser.h"

namespace {

using contrail::http::RequestParser;
using Event = RequestParser::Event;

/// What a parser said, as text.
struct Transcript {
  RequestParser parser{{.header_bytes_max = 2048, .header_count_max = 8, .body_bytes_max = 1024}};
  std::string text;
  std::size_t taken = 0;
  std::size_t body_bytes = 0;
  bool failed = false;

  void feed(std::string_view input) {
    const std::size_t size = input.size();
    while (!failed && note(parser.next(input))) {
    }
    taken += size - input.size();
  }

  bool note(Event event) {
    switch (event) {
      case Event::more: return false;
      case Event::head:
        note_head();
        body_bytes = 0;
        return true;
      case Event::piece:
        text += parser.piece();
        body_bytes += parser.piece().size();
        if (parser.piece().empty() || body_bytes > 1024) std::abort();
        return true;
      case Event::done: text += "\n;"; return true;
      case Event::failed:
        text += "\nfailed " + std::to_string(parser.failure());
        failed = true;
        return true;
    }
    std::abort();
  }

  void note_head() {
    const auto& head = parser.head();
    if (head.method().empty() || head.target().empty()) std::abort();
    if (head.chunked && head.content_length > 0) std::abort();
    text.append("\n").append(head.method()).append(" ").append(head.path()).append("?");
    text.append(head.query()).append(head.keep_alive ? " keep" : " close");
    for (const auto& [name, value] : head.headers) {
      if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos) std::abort();
      text.append("\n").append(name).append(":").append(value);
    }
    text += "\n\n";
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  std::uint32_t random = 0;
  for (int i = 0; i < 4; ++i) random = random << 8 | data[i];
  const std::string_view input(reinterpret_cast<const char*>(data) + 4, size - 4);

  Transcript whole;
  whole.feed(input);

  Transcript cut;
  Transcript bytes;
  for (std::size_t at = 0; at < input.size();) {
    random = random * 1664525 + 1013904223;
    const std::string piece(input.substr(at, 1 + (random >> 24) % 40));  // Checked at both ends.
    cut.feed(piece);
    at += piece.size();
  }
  for (const char& byte : input) bytes.feed({&byte, 1});

  if (cut.text != whole.text || cut.taken != whole.taken) std::abort();
  if (bytes.text != whole.text || bytes.taken != whole.taken) std::abort();
  return 0;
}
