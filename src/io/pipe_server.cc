#include "contrail/pipe.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "src/io/pipe_state.h"
#include "src/io/stream_server_state.h"
#include "src/io/unix_name.h"

namespace contrail::inline v0 {
namespace detail {

template <>
struct ServerTypes<Pipe> {
  using Connection = PipeState;
  using Details = PipeServer::Details;
  static constexpr const char* name = "PipeServer";
  static constexpr ResourceType type{resource_types::pipe_server.name, &AnyRef::tag_of<Details>};
};

namespace {

/// A socket that is bound to the name; or that is not, as status says.
int bound_socket(const UnixName& name, int& status) {
  const int socket = name.bound(status);
  if (status == UV_ENOENT) status = UV_EACCES;  // What libuv, and so Node, says on all systems.
  return socket < 0 ? status : socket;
}

int permit(const UnixName& name, const PipeListenOptions& options) {
  const mode_t readable = options.readable_all ? S_IRUSR | S_IRGRP | S_IROTH : 0;
  const mode_t writable = options.writable_all ? S_IWUSR | S_IWGRP | S_IWOTH : 0;
  if (!readable && !writable) return 0;
  struct stat now {};
  if (::stat(name.path(), &now) < 0) return -errno;
  const mode_t wanted = (now.st_mode | readable | writable) & ALLPERMS;
  return ::chmod(name.path(), wanted) < 0 ? -errno : 0;
}

}  // namespace
}  // namespace detail

template class StreamServer<Pipe>;

PipeServer::PipeServer(Function<void(Pipe)> on_connection)
    : StreamServer(std::move(on_connection)) {}

PipeServer& PipeServer::listen(std::string_view name, PipeListenOptions options,
                               CreationSite site) {
  try_to([&](State& server) {
    const detail::UnixName at(name);
    const bool for_all = options.readable_all || options.writable_all;
    server.begin(at.printable());
    int problem = at.problem();
    if (at.is_abstract() && for_all) problem = UV_EINVAL;  // It has no file to permit anything.
    if (problem < 0) throw Error(problem, "listen", at.printable());
    int status = 0;
    const int socket = detail::bound_socket(at, status);
    server.announce(socket, {at.text()}, site);
    server.must(status, "listen");
    if (!at.is_abstract()) server.own_file(at.text());
    server.listen(options.backlog, options.max_connections);
    server.must(detail::permit(at, options), "chmod");
  });
  return *this;
}

const std::string& PipeServer::name() const {
  const State& server = state();
  if (!server.resource || !server.is_open()) {
    throw Error(UV_EBADF, "getsockname", {}, detail::not_listening);
  }
  return server.details.name;
}

}  // namespace contrail::inline v0
