#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "contrail/detail/export.h"
#include "contrail/promise.h"
#include "contrail/stream.h"

namespace contrail::inline v0 {

struct StreamReaderOptions {
  /// The longest line or piece, in bytes without its end: a longer one fails with EMSGSIZE, so
  /// that no peer can fill the memory.
  std::size_t piece_max = 64 * 1024;
};

/// Reads a Stream by lines, lengths or delimiters, in any order: what one call has read too much is
/// the next one's.
///
///     StreamReader reader(socket);
///     while (const std::optional<std::string> line = co_await reader.read_line()) {
///       fmt::print("{}\n", *line);
///     }
///
/// A call that fails takes nothing: one that is cancelled, that times out, or that asks for more
/// than there is leaves all bytes to the next. One call at a time, others fail with EBUSY.
///
/// The Stream is borrowed: it must stay where it is for as long as it is read. A StreamReader that
/// goes while a call waits takes what was read, and the call goes on without it.
class CONTRAIL_API StreamReader {
 public:
  explicit StreamReader(Stream& stream, StreamReaderOptions options = {});
  StreamReader(StreamReader&&) noexcept;
  StreamReader& operator=(StreamReader&&) noexcept;
  ~StreamReader();

  /// The next line, without its LF or CRLF; nothing at the end. The last one needs no LF.
  Promise<std::optional<std::string>> read_line(std::stop_token stop = {},
                                                CreationSite site = CreationSite::current());
  /// What comes before the delimiter, which is left out, or before the end, if there is anything.
  /// Fails with EINVAL if the delimiter is empty.
  Promise<std::optional<std::string>> read_until(std::string delimiter, std::stop_token stop = {},
                                                 CreationSite site = CreationSite::current());
  /// So many bytes; fails with EOF if there are fewer.
  Promise<std::string> read_exactly(std::size_t size, std::stop_token stop = {},
                                    CreationSite site = CreationSite::current());
  /// What is there, at least one byte and at most so many; empty at the end.
  Promise<std::string> read_some(std::size_t size_max = 64 * 1024, std::stop_token stop = {},
                                 CreationSite site = CreationSite::current());
  /// All up to the end; fails with EMSGSIZE if that is more than so many bytes.
  Promise<std::string> read_all(std::size_t size_max, std::stop_token stop = {},
                                CreationSite site = CreationSite::current());

  /// What was read already and is nobody's yet. Valid until the next call.
  std::string_view buffered() const noexcept;

 private:
  struct State;
  State& state() const;
  std::shared_ptr<State> state_;
};

}  // namespace contrail::inline v0
