#include "contrail/tcp.h"

#include <sys/socket.h>

#include <vector>

#include "contrail/microtask.h"
#include "src/io/address_lookup.h"
#include "src/io/promised.h"
#include "src/io/tcp_state.h"

namespace contrail::inline v0 {
using detail::StreamHandle;
using detail::TcpState;

/// One attempt to connect, or several: the addresses of a name, one after the other.
struct TcpConnect final : detail::Cancellable {
  using Owned = std::unique_ptr<TcpConnect>;

  struct Request : detail::RequestState<uv_connect_t> {
    explicit Request(Owned its_attempt)
        : attempt(std::move(its_attempt)),
          resource(resource_types::tcp_connect, {.trigger = &attempt->state->resource()},
                   attempt->site) {}

    const AsyncResource* about() const noexcept override { return &resource; }

    Owned attempt;
    AsyncResource resource;
  };

  TcpConnect(const SocketAddress& to, Callback<TcpSocket> callback, CreationSite made_at)
      : state(new TcpState(to, made_at)), fn(std::move(callback)), site(made_at) {}

  /// A lookup that has begun cannot be stopped, but nothing follows it.
  bool cancel() noexcept override {
    canceled = true;
    if (lookup) return lookup->cancel();
    if (state) state->close();
    return true;
  }

  /// To what the state is for.
  static void start(Owned attempt) {
    auto& tcp = static_cast<TcpState&>(*attempt->state);
    if (attempt->local) {
      const int bound = uv_tcp_bind(&tcp.tcp, attempt->local->native(), 0);
      if (bound < 0) return fail_to_bind(std::move(attempt), bound);
    }
    const TcpConnect& its = *attempt;
    auto request = std::make_unique<Request>(std::move(attempt));
    const int status = Request::submit(request, [&](uv_connect_t* submitted) -> int {
      // By a hook that has heard of the socket or the request.
      if (its.canceled || !tcp.is_open()) return UV_ECANCELED;
      const sockaddr* to = tcp.details.remote.native();
      return uv_tcp_connect(submitted, &tcp.tcp, to, [](uv_connect_t* done, int result) {
        auto self = Request::take<Request>(done);
        detail::run_callback(self->resource, [&] { finish(std::move(self->attempt), result); });
      });
    });
    if (status < 0) {
      const CreationSite made_at = request->attempt->site;
      auto tell = [request = std::move(request), status] {
        finish(std::move(request->attempt), status);
      };
      next_tick(std::move(tell), made_at);
    }
  }

  static void fail_to_bind(Owned attempt, int status) {
    const CreationSite made_at = attempt->site;
    auto tell = [attempt = std::move(attempt), status] {
      Error failure(status, "bind", attempt->local->to_string());
      attempt->state = nullptr;  // Closes before the caller hears.
      attempt->fn(std::move(failure));
    };
    next_tick(std::move(tell), made_at);
  }

  static void finish(Owned attempt, int status) {
    if (status >= 0) return attempt->fn(TcpSocket(std::move(attempt->state)));
    if (attempt->rest.empty() || attempt->canceled) {
      Error failure = attempt->state->error(status, "connect");
      attempt->state = nullptr;  // Closes before the caller hears.
      return attempt->fn(std::move(failure));
    }
    attempt->state->given_up = true;
    const SocketAddress next = attempt->rest.back();
    attempt->rest.pop_back();
    attempt->state = StreamHandle(new TcpState(next, attempt->site));
    start(std::move(attempt));
  }

  static void look_up(Owned attempt, std::string_view host, std::uint16_t port) {
    TcpConnect& its = *attempt;
    auto found = [attempt = std::move(attempt)](auto addresses) mutable {
      found_addresses(std::move(attempt), std::move(addresses));
    };
    const AsyncId socket = its.state->resource().async_id();
    its.lookup =
        detail::AddressLookup::start(host, {.port = port}, socket, std::move(found), its.site);
  }

  static void found_addresses(Owned attempt, Result<std::vector<SocketAddress>> found) {
    attempt->lookup = nullptr;
    if (found && attempt->canceled) {
      const std::string first = found->front().to_string();
      found = Error(UV_ECANCELED, "connect", first);
    }
    if (!found) {
      attempt->state = nullptr;
      return attempt->fn(found.error());
    }
    attempt->rest.assign(found->rbegin(), found->rend());
    static_cast<TcpState&>(*attempt->state).details.remote = attempt->rest.back();
    attempt->rest.pop_back();
    start(std::move(attempt));
  }

  static Cancellable* start(const SocketAddress& to, Callback<TcpSocket> fn, CreationSite site,
                            std::optional<SocketAddress> local = std::nullopt) {
    auto attempt = std::make_unique<TcpConnect>(to, std::move(fn), site);
    attempt->local = local;
    Cancellable* settler = attempt.get();
    start(std::move(attempt));
    return settler;
  }

  static Cancellable* start(std::string_view host, std::uint16_t port, Callback<TcpSocket> fn,
                            CreationSite site);

  StreamHandle state;
  std::vector<SocketAddress> rest;     ///< To try next, the last one first.
  std::optional<SocketAddress> local;  ///< Where to connect from, if that matters.
  Callback<TcpSocket> fn;
  CreationSite site;
  Cancellable* lookup = nullptr;  ///< While it lasts.
  bool canceled = false;
};

detail::Cancellable* TcpConnect::start(std::string_view host, std::uint16_t port,
                                       Callback<TcpSocket> fn, CreationSite site) {
  if (auto literal = detail::literal_address(host, port)) {
    return start(*literal, std::move(fn), site);
  }
  if (auto refused = detail::AddressLookup::refusal(host)) {
    auto tell = [fn = std::move(fn), error = std::move(*refused)]() mutable { fn(error); };
    next_tick(std::move(tell), site);
    return nullptr;
  }
  auto attempt = std::make_unique<TcpConnect>(SocketAddress(), std::move(fn), site);
  Cancellable* settler = attempt.get();
  look_up(std::move(attempt), host, port);
  return settler;
}

Promise<TcpSocket> TcpSocket::connect(const SocketAddress& to, std::stop_token stop,
                                      CreationSite site) {
  const std::string peer = stop.stop_possible() ? to.to_string() : std::string();
  return detail::promised<TcpSocket>(
      {std::move(stop), site, "connect", peer},
      [&](Callback<TcpSocket> fn) { return TcpConnect::start(to, std::move(fn), site); });
}

void TcpSocket::connect(const SocketAddress& to, Callback<TcpSocket> fn, CreationSite site) {
  TcpConnect::start(to, std::move(fn), site);
}

Promise<TcpSocket> TcpSocket::connect_from(const SocketAddress& local, const SocketAddress& to,
                                           std::stop_token stop, CreationSite site) {
  const std::string peer = stop.stop_possible() ? to.to_string() : std::string();
  return detail::promised<TcpSocket>(
      {std::move(stop), site, "connect", peer},
      [&](Callback<TcpSocket> fn) { return TcpConnect::start(to, std::move(fn), site, local); });
}

void TcpSocket::connect_from(const SocketAddress& local, const SocketAddress& to,
                             Callback<TcpSocket> fn, CreationSite site) {
  TcpConnect::start(to, std::move(fn), site, local);
}

Promise<TcpSocket> TcpSocket::connect(std::string_view host, std::uint16_t port,
                                      std::stop_token stop, CreationSite site) {
  return detail::promised<TcpSocket>(
      {std::move(stop), site, "connect", host},
      [&](Callback<TcpSocket> fn) { return TcpConnect::start(host, port, std::move(fn), site); });
}

void TcpSocket::connect(std::string_view host, std::uint16_t port, Callback<TcpSocket> fn,
                        CreationSite site) {
  TcpConnect::start(host, port, std::move(fn), site);
}

}  // namespace contrail::inline v0
