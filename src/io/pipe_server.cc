#include "contrail/pipe.h"

#include <unistd.h>

#include "src/io/pipe_state.h"
#include "src/io/stream_server_state.h"
#include "src/io/unix_name.h"

namespace contrail::inline v0 {
namespace detail {

template <>
struct ServerTypes<Pipe> {
  using Handle = uv_pipe_t;
  using Connection = PipeState;
  using Details = PipeServer::Details;
  static constexpr const char* name = "PipeServer";
  static constexpr ResourceType type{resource_types::pipe_server.name, &AnyRef::tag_of<Details>};
};

namespace {

int bind(uv_pipe_t& pipe, const UnixName& name) {
  if (!name.is_abstract()) return uv_pipe_bind(&pipe, name.path());
  int status = 0;
  const int descriptor = name.bound(status);
  if (descriptor < 0) return status;
  if (status >= 0) status = uv_pipe_open(&pipe, descriptor);
  if (status < 0) ::close(descriptor);
  return status;
}

int permit(uv_pipe_t& pipe, const PipeListenOptions& options) {
  const int mode =
      (options.readable_all ? UV_READABLE : 0) | (options.writable_all ? UV_WRITABLE : 0);
  return mode ? uv_pipe_chmod(&pipe, mode) : 0;
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
    server.announce(uv_pipe_init(server.uv_loop(), &server.handle, 0), {at.text()}, site);
    server.must(detail::bind(server.handle, at), "listen");
    server.listen(options.backlog);
    server.must(detail::permit(server.handle, options), "chmod");
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
