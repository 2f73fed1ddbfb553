#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

#include "contrail/promise.h"
#include "contrail/stream.h"

namespace contrail::inline v0 {

/// What pipe_to() reads from: a Stream, a FileReader, or a type of yours that returns the next
/// piece, which is empty at the end.
template <class T>
concept PipeSource = std::derived_from<T, Stream> ||
    requires(T& source, std::stop_token stop, CreationSite site) {
  { source.read(stop, site) } -> std::same_as<Promise<std::string>>;
};

/// What it writes to: a Stream, a FileWriter, or a type of yours. close() is what ends it.
template <class T>
concept PipeDestination = std::derived_from<T, Stream> ||
    requires(T& destination, std::string piece, std::stop_token stop, CreationSite site) {
  { destination.write(std::move(piece), stop, site) } -> std::same_as<Promise<void>>;
  { destination.close(site) } -> std::same_as<Promise<void>>;
};

struct PipeToOptions {
  /// The end of the source is the destination's, too: of a Stream by shutdown(), so that it can
  /// still be read, otherwise by close().
  bool end = true;
  /// The most that is read before it is written, and so the most that is kept in memory.
  std::size_t chunk = 64 * 1024;
};

/// Writes to destination all that source brings, at the pace of the slower of the two, and resolves
/// with the number of bytes. Fails as the one that failed does: "read …" or "write …"; both are
/// then as they are, neither ended nor closed. A destination that fails while the source is silent
/// is found out about at the next piece.
///
///     co_await pipe_to(client, file);                              // upload
///     co_await all(pipe_to(client, server), pipe_to(server, client));  // proxy
///
/// Neither may be moved or destroyed until then, but a Stream may be closed: that fails with
/// ECANCELED, or, between two operations, with EBADF.
template <PipeSource Source, PipeDestination Destination>
Promise<std::uint64_t> pipe_to(Source& source, Destination& destination, PipeToOptions options = {},
                               std::stop_token stop = {},
                               CreationSite site = CreationSite::current()) {
  std::uint64_t size = 0;
  for (;;) {
    std::string piece;
    if constexpr (std::derived_from<Source, Stream>) {
      piece.resize(options.chunk);
      const auto place = std::as_writable_bytes(std::span(piece));
      piece.resize(co_await source.read(place, stop, site));
    } else {
      piece = co_await source.read(stop, site);
    }
    if (piece.empty()) break;
    size += piece.size();
    co_await destination.write(std::move(piece), stop, site);
  }
  if constexpr (std::derived_from<Destination, Stream>) {
    if (options.end) co_await destination.shutdown(stop, site);
  } else {
    if (options.end) co_await destination.close(site);
  }
  co_return size;
}

}  // namespace contrail::inline v0
