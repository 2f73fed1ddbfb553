#pragma once

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "contrail/detail/wait_queue.h"
#include "contrail/stream_server.h"
#include "src/io/acceptor.h"
#include "src/io/stream_state.h"

namespace contrail::inline v0 {
namespace detail {

/// What a server of such sockets is made of; specialised beside each server. Has a Connection,
/// which is the state of a Socket, Details and a resource type.
template <class Socket>
struct ServerTypes;

inline constexpr std::string_view not_listening = "this server does not listen";

}  // namespace detail

/// The pinned half of a server. libuv knows it, and it is a resource, from listen() on.
template <class Socket>
struct StreamServer<Socket>::State final : detail::Acceptor {
  using Types = detail::ServerTypes<Socket>;

  /// The steps of listening: they throw. What failed after begin() is closed.
  void begin(std::string at) {
    if (resource) {
      throw Error(UV_EALREADY, "listen", std::move(at),
                  is_open() ? "this server listens already, at " + subject
                            : "this server was closed: make another one");
    }
    subject = std::move(at);
  }
  /// Takes the descriptor of a socket; or its status, if there is none.
  void announce(int socket, typename Types::Details its_details, CreationSite site) {
    const int status = adopt(socket);
    if (status < 0) throw Error(status, "socket", subject);
    opened(&handle);
    details = std::move(its_details);
    resource.emplace(Types::type, AnyRef::to(details), site);
  }
  void must(int status, std::string_view syscall) {
    if (status >= 0) return;
    close();
    throw Error(status, syscall, subject);
  }
  void listen(int backlog, std::size_t connections_max) {
    must(start(backlog, connections_max), "listen");
  }
  using Acceptor::descriptor;
  using Acceptor::own_file;

  Promise<Socket> accept(std::stop_token stop, CreationSite site);

  const char* name() const noexcept override { return Types::name; }
  const AsyncResource* about() const noexcept override { return resource ? &*resource : nullptr; }
  void stop_accepting() noexcept override { close(); }
  AsyncId async_id() const noexcept { return resource ? resource->async_id() : no_async_id; }

  Function<void(Socket)> connection_fn;
  std::shared_ptr<Function<void(const Error&)>> error_fn;
  Function<void()> close_fn;
  detail::WaitQueue<Socket> waiters;  ///< accept() calls without a connection.
  std::optional<Socket> unclaimed;    ///< A connection without an accept() call.
  typename Types::Details details;
  std::optional<AsyncResource> resource;  ///< Since listen().

 private:
  bool wanted() const noexcept override { return connection_fn || !waiters.empty(); }
  void on_connection(int descriptor,
                     const std::shared_ptr<detail::ConnectionCount>& count) override;
  void on_failure(int status) override;
  void closing() noexcept override { unclaimed.reset(); }
  void closed() noexcept override;
};

template <class Socket>
void StreamServer<Socket>::State::on_connection(
    int descriptor, const std::shared_ptr<detail::ConnectionCount>& count) {
  detail::CallbackScope scope;
  if (detail::hot.tearing_down) return static_cast<void>(::close(descriptor));
  typename Types::Connection* accepted;
  {
    detail::Ground ground;  // Made by nobody and in no context, whoever may be calling.
    accepted = new typename Types::Connection({.descriptor = descriptor}, *resource);
  }
  Socket socket{detail::StreamHandle(accepted)};
  accepted->counted_by = count;
  ++count->open;
  scope.call(*resource, [&] {
    if (!is_open()) return;  // A hook has closed it. The connection goes with the socket.
    if (accepted->accept_status < 0) {
      if (auto fn = error_fn) (*fn)(Error(accepted->accept_status, "accept", subject));
    } else if (!waiters.empty()) {
      waiters.settle_first(std::move(socket));
    } else if (connection_fn) {
      connection_fn(std::move(socket));
    } else {
      unclaimed = std::move(socket);  // A hook has cancelled who waited for it.
    }
  });
}

template <class Socket>
void StreamServer<Socket>::State::on_failure(int status) {
  detail::run_callback(*resource, [&] {
    // Held here: it may replace or remove itself.
    if (auto fn = error_fn; fn && is_open()) (*fn)(Error(status, "accept", subject));
  });
}

template <class Socket>
Promise<Socket> StreamServer<Socket>::State::accept(std::stop_token stop, CreationSite site) {
  if (!resource || !is_open()) {
    return Promise<Socket>::reject(Error(UV_EBADF, "accept", {}, detail::not_listening), site);
  }
  if (unclaimed && !stop.stop_requested()) {
    Socket socket = std::move(*std::exchange(unclaimed, std::nullopt));
    return Promise<Socket>::resolve(std::move(socket), site);
  }
  Promise<Socket> next = waiters.wait({std::move(stop), site, "accept", subject});
  update_polling();
  return next;
}

template <class Socket>
void StreamServer<Socket>::State::closed() noexcept {
  detail::CallbackScope scope;
  forget_connections();
  waiters.fail_all(Error(UV_ECANCELED, "accept", subject));
  if (close_fn && !detail::hot.tearing_down) {
    // Only connections are callbacks of the server itself; in Node its close is a tick.
    detail::FrameScope frame(resource->context_frame());
    loop().tasks.add_tick(std::move(close_fn), async_id(), resource->creation_site());
  }
  connection_fn = nullptr;
  error_fn = nullptr;
  close_fn = nullptr;
  resource->emit_destroy();
  resource->release_context();
}

template <class Socket>
void StreamServer<Socket>::CloseState::operator()(State* state) const noexcept {
  state->let_go();
}

template <class Socket>
StreamServer<Socket>::StreamServer(Function<void(Socket)> on_connection) : state_(new State) {
  state_->connection_fn = std::move(on_connection);
}
template <class Socket>
StreamServer<Socket>::StreamServer(StreamServer&&) noexcept = default;
template <class Socket>
StreamServer<Socket>& StreamServer<Socket>::operator=(StreamServer&&) noexcept = default;
template <class Socket>
StreamServer<Socket>::~StreamServer() = default;

template <class Socket>
typename StreamServer<Socket>::State& StreamServer<Socket>::state() const {
  if (!state_) detail::die_moved_from(detail::ServerTypes<Socket>::name);
  state_->check_thread();
  return *state_;
}

template <class Socket>
template <class Listen>
void StreamServer<Socket>::try_to(Listen listen) {
  try {
    listen(state());
  } catch (const Error&) {
    if (!state_->is_open()) start_over();
    throw;
  }
}

/// The address could not be had; the next one may be. libuv still has to close the old handle.
template <class Socket>
void StreamServer<Socket>::start_over() {
  std::unique_ptr<State, CloseState> next(new State);
  next->connection_fn = std::move(state_->connection_fn);
  next->error_fn = std::move(state_->error_fn);
  next->close_fn = std::move(state_->close_fn);
  next->set_ref(state_->has_ref());
  state_ = std::move(next);
}

template <class Socket>
Promise<Socket> StreamServer<Socket>::accept(std::stop_token stop, CreationSite site) {
  return state().accept(std::move(stop), site);
}

template <class Socket>
void StreamServer<Socket>::on_error(Function<void(const Error&)> fn) {
  using Shared = Function<void(const Error&)>;
  state().error_fn = fn ? std::make_shared<Shared>(std::move(fn)) : nullptr;
}

template <class Socket>
void StreamServer<Socket>::on_close(Function<void()> fn) {
  state().close_fn = std::move(fn);
}

template <class Socket>
void StreamServer<Socket>::close() noexcept {
  if (state_) state_->close();
}

template <class Socket>
StreamServer<Socket>& StreamServer<Socket>::ref() noexcept {
  state().set_ref(true);
  return *this;
}

template <class Socket>
StreamServer<Socket>& StreamServer<Socket>::unref() noexcept {
  state().set_ref(false);
  return *this;
}

template <class Socket>
bool StreamServer<Socket>::has_ref() const noexcept {
  return state().has_ref();
}

template <class Socket>
AsyncId StreamServer<Socket>::async_id() const noexcept {
  return state_ ? state_->async_id() : no_async_id;
}

}  // namespace contrail::inline v0
