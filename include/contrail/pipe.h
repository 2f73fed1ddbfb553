#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "contrail/stream.h"
#include "contrail/stream_server.h"
#include "contrail/tcp.h"

namespace contrail::inline v0 {

struct PipeOptions {
  /// Streams can be sent and received over it, see Pipe::send(): of Unix sockets only, and at both
  /// of its ends.
  bool passes_streams = false;
};

/// A connection within one machine: a Unix socket, or one end of a system's pipe. Hooks see
/// PIPEWRAP, and for connect() a PIPECONNECTWRAP triggered by it.
///
/// It goes by a path of at most 107 bytes, or on Linux by an abstract name: up to 107 bytes after a
/// leading NUL, which exist in no directory and go with the socket. Errors print the NUL as '@'.
///
///     Pipe pipe = co_await Pipe::connect("/run/app.sock");
///     co_await pipe.write("ping\n");
class CONTRAIL_API Pipe : public Stream {
 public:
  Pipe() noexcept = default;  ///< None: a place for one.

  /// What hooks see.
  struct CONTRAIL_API Details {
    std::string name;  ///< What was connected to, or the server's; empty if it has none.
    bool accepted;     ///< By a PipeServer.
  };

  /// Fails with ENAMETOOLONG or EINVAL if there can be no such name.
  static Promise<Pipe> connect(std::string_view name, std::stop_token stop = {},
                               CreationSite site = CreationSite::current());
  static void connect(std::string_view name, Callback<Pipe> fn,
                      CreationSite site = CreationSite::current());

  /// Two ends, connected to each other (socketpair). Throws Error if there are no descriptors left.
  static std::pair<Pipe, Pipe> pair(PipeOptions options = {},
                                    CreationSite site = CreationSite::current());

  /// Takes over a connected Unix socket, or an end of a pipe(), and makes it non-blocking. Throws
  /// Error if it is neither; the descriptor is still the caller's then.
  static Pipe from_descriptor(int descriptor, PipeOptions options = {},
                              CreationSite site = CreationSite::current());

  /// Sends data, at least one byte, and along with it the stream, which is then closed on this
  /// side: who receives it, usually another process, goes on with it. It must be idle: what was
  /// read from it, or waits to be written, does not go along. Fails with EINVAL without data or
  /// over a pipe that does not pass streams.
  Promise<void> send(std::string data, Stream along, std::stop_token stop = {},
                     CreationSite site = CreationSite::current());
  void send(std::string data, Stream along, Callback<void> fn,
            CreationSite site = CreationSite::current());

  /// A stream that was received, if there was one.
  using Received = std::variant<std::monostate, TcpSocket, Pipe>;
  /// The next stream that came along with the bytes read so far. It is a TCPWRAP or PIPEWRAP
  /// triggered by this pipe, with no context of its own, like a server's. Throws Error (ENOTSUP)
  /// if what came along is neither of TCP nor a Unix socket. Those that nobody takes close with
  /// the pipe.
  Received receive();

  /// What was connected to, or the server's; empty if it has none.
  const std::string& name() const;

 private:
  friend class StreamServer<Pipe>;
  friend struct PipeConnect;
  friend class Process;
  using Stream::Stream;
};

struct PipeListenOptions {
  int backlog = 511;          ///< Connections that the system holds until they are accepted.
  bool readable_all = false;  ///< Every user may read the socket file, not only whom umask lets.
  bool writable_all = false;  ///< Every user may write it: Linux asks this of who connects.
  std::size_t max_connections = 0;  ///< See ListenOptions.
};

extern template class StreamServer<Pipe>;

/// Accepts connections at a path or an abstract name, see Pipe, until it goes out of scope. Hooks
/// see PIPESERVERWRAP, whose callback runs once per connection; each connection is a PIPEWRAP
/// triggered by it, with no context of its own. on_connection runs in the context in which listen()
/// was called.
///
/// Closing removes the socket file, even if somebody has put another one in its place since. A
/// process that dies leaves it behind, and nobody can listen there until it is removed.
class CONTRAIL_API PipeServer : public StreamServer<Pipe> {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    std::string name;
  };

  explicit PipeServer(Function<void(Pipe)> on_connection = {});

  /// Throws Error if the name cannot be had (EADDRINUSE: there is such a file, whoever made it) or
  /// there can be no such name (ENAMETOOLONG, EINVAL); another one may then be tried.
  PipeServer& listen(std::string_view name, PipeListenOptions options = {},
                     CreationSite site = CreationSite::current());

  /// Where it listens. Throws Error (EBADF) if it does not.
  const std::string& name() const;
};

}  // namespace contrail::inline v0
