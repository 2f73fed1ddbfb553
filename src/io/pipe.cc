#include "contrail/pipe.h"

#include <unistd.h>

#include <array>

#include "contrail/microtask.h"
#include "src/io/pipe_state.h"
#include "src/io/promised.h"
#include "src/io/unix_name.h"
#include "src/loop/request.h"

namespace contrail::inline v0 {
namespace detail {

PipeState::PipeState(std::string name, CreationSite site, PipeOptions options)
    : StreamState(&pipe, &its_resource),
      details{std::move(name), false},
      its_resource(pipe_type, AnyRef::to(details), site) {
  uv_pipe_init(loop().uv, &pipe, options.passes_streams);
  opened(&pipe);
}

PipeState::PipeState(Incoming incoming, const AsyncResource& from)
    : StreamState(&pipe, &its_resource),
      details(take_over(incoming)),
      its_resource(pipe_type, {.trigger = &from, .details = AnyRef::to(details)},
                   from.creation_site()) {}

Pipe::Details PipeState::take_over(Incoming incoming) {
  uv_pipe_init(loop().uv, &pipe, 0);
  opened(&pipe);
  accept_status =
      incoming.pipe ? uv_accept(incoming.pipe, stream()) : uv_pipe_open(&pipe, incoming.descriptor);
  if (accept_status < 0 && !incoming.pipe) ::close(incoming.descriptor);
  std::array<char, sizeof(sockaddr_un)> name;
  std::size_t size = name.size();
  // The server's: who connects has no name.
  if (uv_pipe_getsockname(&pipe, name.data(), &size) < 0) size = 0;
  return {std::string(name.data(), size), true};
}

std::string PipeState::subject() const { return UnixName(details.name).printable(); }

}  // namespace detail

using detail::PipeState;
using detail::StreamHandle;
using detail::UnixName;

/// One attempt to connect.
struct PipeConnect {
  template <class Native>
  struct Request final : detail::RequestState<Native> {
    Request(StreamHandle pipe, Callback<Pipe> callback)
        : state(std::move(pipe)),
          fn(std::move(callback)),
          resource(resource_types::pipe_connect, {.trigger = &state->resource()},
                   state->resource().creation_site()) {}

    const AsyncResource* about() const noexcept override { return &resource; }
    bool cancel() noexcept override {
      state->close();
      return true;
    }
    uv_pipe_t* pipe() noexcept { return &static_cast<PipeState&>(*state).pipe; }

    StreamHandle state;
    int status = 0;  ///< If it is known already.
    Callback<Pipe> fn;
    AsyncResource resource;
  };

  static void to_path(StreamHandle state, const UnixName& name, Callback<Pipe> fn) {
    using PathRequest = Request<uv_connect_t>;
    auto request = std::make_unique<PathRequest>(std::move(state), std::move(fn));
    uv_pipe_t* pipe = request->pipe();
    PathRequest::submit(request, [&](uv_connect_t* submitted) {
      uv_pipe_connect(submitted, pipe, name.path(), [](uv_connect_t* done, int status) {
        auto self = PathRequest::take<PathRequest>(done);
        detail::run_callback(self->resource, [&] { finish(*self, status); });
      });
      return 0;
    });
  }

  /// Connected, or not, before libuv hears of it. An empty write makes it call back in the way
  /// that it does for a path.
  static void to_abstract(StreamHandle state, const UnixName& name, Callback<Pipe> fn) {
    using AbstractRequest = Request<uv_write_t>;
    auto request = std::make_unique<AbstractRequest>(std::move(state), std::move(fn));
    uv_pipe_t* pipe = request->pipe();
    const int descriptor = name.connected(request->status);
    int submitted_status = descriptor < 0 ? request->status : uv_pipe_open(pipe, descriptor);
    if (submitted_status >= 0) {
      submitted_status = AbstractRequest::submit(request, [&](uv_write_t* submitted) {
        const uv_buf_t nothing = uv_buf_init(nullptr, 0);
        auto* stream = reinterpret_cast<uv_stream_t*>(pipe);
        return uv_write(submitted, stream, &nothing, 1, [](uv_write_t* done, int status) {
          auto self = AbstractRequest::take<AbstractRequest>(done);
          if (self->status < 0) status = self->status;
          detail::run_callback(self->resource, [&] { finish(*self, status); });
        });
      });
    } else if (descriptor >= 0) {
      ::close(descriptor);
    }
    if (submitted_status < 0) {
      const CreationSite site = request->resource.creation_site();
      auto tell = [request = std::move(request), submitted_status] {
        finish(*request, submitted_status);
      };
      next_tick(std::move(tell), site);
    }
  }

  template <class Native>
  static void finish(Request<Native>& request, int status) {
    if (status >= 0) return request.fn(Pipe(std::move(request.state)));
    Error failure = request.state->error(status, "connect");
    request.state = nullptr;  // Closes before the caller hears.
    request.fn(std::move(failure));
  }
};

Promise<Pipe> Pipe::connect(std::string_view name, std::stop_token stop, CreationSite site) {
  const std::string peer = stop.stop_possible() ? UnixName(name).printable() : std::string();
  return detail::promised<Pipe>({std::move(stop), site, "connect", peer},
                                [&](Callback<Pipe> fn) { connect(name, std::move(fn), site); });
}

void Pipe::connect(std::string_view name, Callback<Pipe> fn, CreationSite site) {
  const UnixName to(name);
  if (const int problem = to.problem(); problem < 0) {
    Error failure(problem, "connect", to.printable());
    return next_tick([fn = std::move(fn), failure]() mutable { fn(failure); }, site);
  }
  StreamHandle state(new PipeState(to.text(), site));
  if (to.is_abstract()) return PipeConnect::to_abstract(std::move(state), to, std::move(fn));
  PipeConnect::to_path(std::move(state), to, std::move(fn));
}

std::pair<Pipe, Pipe> Pipe::pair(PipeOptions options, CreationSite site) {
  uv_os_sock_t ends[2];
  const int status = uv_socketpair(SOCK_STREAM, 0, ends, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE);
  if (status < 0) throw Error(status, "socketpair");
  return {from_descriptor(ends[0], options, site), from_descriptor(ends[1], options, site)};
}

Pipe Pipe::from_descriptor(int descriptor, PipeOptions options, CreationSite site) {
  const std::string subject = "descriptor " + std::to_string(descriptor);
  if (uv_guess_handle(descriptor) != UV_NAMED_PIPE) throw Error(UV_EINVAL, "open", subject);
  auto* state = new PipeState({}, site, options);
  Pipe pipe{StreamHandle(state)};
  const int status = uv_pipe_open(&state->pipe, descriptor);
  if (status < 0) throw Error(status, "open", subject);
  return pipe;
}

const std::string& Pipe::name() const { return static_cast<PipeState&>(state()).details.name; }

}  // namespace contrail::inline v0
