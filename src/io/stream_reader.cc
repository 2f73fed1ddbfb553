#include "contrail/stream_reader.h"

#include <fmt/core.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "contrail/error.h"

namespace contrail::inline v0 {

struct StreamReader::State {
  State(Stream& source, StreamReaderOptions its_options) : stream(&source), options(its_options) {}

  std::string_view text() const noexcept { return std::string_view(buffer).substr(taken); }
  /// The first so many bytes of it, which leave the buffer, and then as many that nobody wants.
  std::string take(std::size_t size, std::size_t skipped = 0) {
    std::string piece(text().substr(0, size));
    taken += size + skipped;
    if (taken == buffer.size() || taken > chunk.size()) {
      buffer.erase(0, taken);
      taken = 0;
    }
    return piece;
  }
  void add(std::size_t size) {
    buffer += as_text(std::span(chunk).first(size));
    ended = size == 0;
  }

  Stream* stream;
  StreamReaderOptions options;
  std::string buffer;
  std::size_t taken = 0;  ///< Of the buffer, from its start.
  bool ended = false;
  bool busy = false;
  std::array<std::byte, 16 * 1024> chunk;
};

namespace {

/// Up to a delimiter.
struct Piece {
  using Value = std::optional<std::string>;

  template <class State>
  std::optional<Value> operator()(State& reader) {
    const std::string_view text = reader.text();
    const std::size_t end = text.find(delimiter, searched);
    const bool found = end != text.npos;
    const std::size_t size = found ? end : text.size();
    const std::size_t cut = is_line && found && end > 0 && text[end - 1] == '\r' ? 1 : 0;
    // A delimiter may have begun at the end, and what precedes it is within the limit.
    const std::size_t longest = reader.options.piece_max + (found ? cut : delimiter.size());
    if (size > longest || (!found && reader.ended && size > reader.options.piece_max)) {
      throw Error(UV_EMSGSIZE, syscall, {},
                  fmt::format("longer than {} bytes", reader.options.piece_max));
    }
    if (found) return reader.take(end - cut, cut + delimiter.size());
    if (reader.ended) return text.empty() ? Value() : Value(reader.take(size));
    searched = size - std::min(size, delimiter.size() - 1);
    return std::nullopt;
  }

  std::string delimiter;
  bool is_line;
  const char* syscall;
  std::size_t searched = 0;  ///< So far without finding one, of the text.
};

struct Exactly {
  using Value = std::string;

  template <class State>
  std::optional<Value> operator()(State& reader) const {
    const std::size_t has = reader.text().size();
    if (has >= size) return reader.take(size);
    if (!reader.ended) return std::nullopt;
    throw Error(UV_EOF, syscall, {}, fmt::format("after {} of {} bytes", has, size));
  }

  std::size_t size;
  const char* syscall = "read_exactly";
};

struct Some {
  using Value = std::string;

  template <class State>
  std::optional<Value> operator()(State& reader) const {
    const std::size_t has = reader.text().size();
    if (has > 0 || reader.ended) return reader.take(std::min(has, size_max));
    return std::nullopt;
  }

  std::size_t size_max;
  const char* syscall = "read_some";
};

struct Everything {
  using Value = std::string;

  template <class State>
  std::optional<Value> operator()(State& reader) const {
    const std::size_t has = reader.text().size();
    if (has > size_max) {
      throw Error(UV_EMSGSIZE, syscall, {}, fmt::format("longer than {} bytes", size_max));
    }
    if (reader.ended) return reader.take(has);
    return std::nullopt;
  }

  std::size_t size_max;
  const char* syscall = "read_all";
};

/// Reads on until wanted(state) finds what it wants.
template <class State, class Wanted>
Promise<typename Wanted::Value> read_on(std::shared_ptr<State> state, Wanted wanted,
                                        std::stop_token stop, CreationSite site) {
  struct Busy {
    explicit Busy(State& reader) : its(reader) { its.busy = true; }
    ~Busy() { its.busy = false; }
    State& its;
  };
  const Busy busy(*state);
  for (;;) {
    state->add(co_await state->stream->read(state->chunk, stop, site));
    if (auto found = wanted(*state)) co_return std::move(*found);
  }
}

/// What is there already needs no coroutine.
template <class State, class Wanted>
Promise<typename Wanted::Value> read(const std::shared_ptr<State>& state, Wanted wanted,
                                     std::stop_token stop, CreationSite site) {
  using Value = typename Wanted::Value;
  const char* syscall = wanted.syscall;
  if (stop.stop_requested()) return Promise<Value>::reject(Error(UV_ECANCELED, syscall), site);
  if (state->busy) return Promise<Value>::reject(Error(UV_EBUSY, syscall), site);
  try {
    if (auto found = wanted(*state)) return Promise<Value>::resolve(std::move(*found), site);
  } catch (const Error& failure) {
    return Promise<Value>::reject(failure, site);
  }
  return read_on(state, std::move(wanted), std::move(stop), site);
}

}  // namespace

StreamReader::StreamReader(Stream& stream, StreamReaderOptions options)
    : state_(std::make_shared<State>(stream, options)) {}
StreamReader::StreamReader(StreamReader&&) noexcept = default;
StreamReader& StreamReader::operator=(StreamReader&&) noexcept = default;
StreamReader::~StreamReader() = default;

StreamReader::State& StreamReader::state() const {
  if (!state_) detail::die_moved_from("StreamReader");
  return *state_;
}

Promise<std::optional<std::string>> StreamReader::read_line(std::stop_token stop,
                                                            CreationSite site) {
  state();
  return read(state_, Piece{"\n", true, "read_line"}, std::move(stop), site);
}

Promise<std::optional<std::string>> StreamReader::read_until(std::string delimiter,
                                                             std::stop_token stop,
                                                             CreationSite site) {
  state();
  if (delimiter.empty()) {
    Error failure(UV_EINVAL, "read_until", {}, "the delimiter is empty");
    return Promise<std::optional<std::string>>::reject(std::move(failure), site);
  }
  return read(state_, Piece{std::move(delimiter), false, "read_until"}, std::move(stop), site);
}

Promise<std::string> StreamReader::read_exactly(std::size_t size, std::stop_token stop,
                                                CreationSite site) {
  state();
  return read(state_, Exactly{size}, std::move(stop), site);
}

Promise<std::string> StreamReader::read_some(std::size_t size_max, std::stop_token stop,
                                             CreationSite site) {
  state();
  return read(state_, Some{size_max}, std::move(stop), site);
}

Promise<std::string> StreamReader::read_all(std::size_t size_max, std::stop_token stop,
                                            CreationSite site) {
  state();
  return read(state_, Everything{size_max}, std::move(stop), site);
}

std::string_view StreamReader::buffered() const noexcept { return state().text(); }

}  // namespace contrail::inline v0
