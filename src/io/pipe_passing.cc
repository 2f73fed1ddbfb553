// Streams that go from one process to another, over a pipe.

#include "contrail/pipe.h"
#include "src/io/pipe_state.h"
#include "src/io/promised.h"
#include "src/io/tcp_state.h"

namespace contrail::inline v0 {
namespace {

template <class State>
detail::StreamHandle taken_from(detail::PipeState& pipe) {
  auto* state = new State({.pipe = pipe.stream()}, pipe.its_resource);
  detail::StreamHandle handle(state);
  if (state->accept_status < 0) throw Error(state->accept_status, "receive", pipe.subject());
  return handle;
}

}  // namespace

Promise<void> Pipe::send(std::string data, Stream along, std::stop_token stop, CreationSite site) {
  const std::string peer = stop.stop_possible() ? state().subject() : std::string();
  return detail::promised<void>({std::move(stop), site, "send", peer}, [&](Callback<void> fn) {
    send(std::move(data), std::move(along), std::move(fn), site);
  });
}

void Pipe::send(std::string data, Stream along, Callback<void> fn, CreationSite site) {
  state().send(std::move(data), take(along), std::move(fn), site);
}

Pipe::Received Pipe::receive() {
  auto& pipe = static_cast<detail::PipeState&>(state());
  if (!pipe.is_open() || uv_pipe_pending_count(&pipe.pipe) == 0) return {};
  const uv_handle_type type = uv_pipe_pending_type(&pipe.pipe);
  const detail::Ground ground;  // Made by nobody and in no context, like a server's.
  if (type == UV_TCP) return TcpSocket(taken_from<detail::TcpState>(pipe));
  if (type == UV_NAMED_PIPE) return Pipe(taken_from<detail::PipeState>(pipe));
  throw Error(UV_ENOTSUP, "receive", pipe.subject());
}

}  // namespace contrail::inline v0
