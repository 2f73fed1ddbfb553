#include "contrail/tcp.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "contrail/microtask.h"
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
          resource(resource_types::tcp_connect,
                   {.trigger_async_id = attempt->state->resource().async_id()}, attempt->site) {}

    Owned attempt;
    AsyncResource resource;
  };

  struct Lookup : detail::RequestState<uv_getaddrinfo_t> {
    Lookup(Owned its_attempt, std::string name)
        : attempt(std::move(its_attempt)),
          host(std::move(name)),
          resource(resource_types::get_address_info,
                   {.trigger_async_id = attempt->state->resource().async_id()}, attempt->site) {}

    Owned attempt;
    std::string host;
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
    auto request = std::make_unique<Request>(std::move(attempt));
    const int status = Request::submit(request, [&](uv_connect_t* submitted) {
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

  static void look_up(Owned attempt, std::string host, std::uint16_t port) {
    auto request = std::make_unique<Lookup>(std::move(attempt), std::move(host));
    request->attempt->lookup = request.get();
    const char* name = request->host.c_str();
    const std::string its_port = std::to_string(port);
    const int status = Lookup::submit(request, [&](uv_getaddrinfo_t* submitted) {
      addrinfo hints{};
      hints.ai_socktype = SOCK_STREAM;
      hints.ai_flags = AI_NUMERICSERV;
      return uv_getaddrinfo(
          detail::loop_state().uv, submitted,
          [](uv_getaddrinfo_t* done, int result, addrinfo* found) {
            auto self = Lookup::take<Lookup>(done);
            detail::run_callback(self->resource, [&] { found_addresses(*self, result, found); });
            uv_freeaddrinfo(found);
          },
          name, its_port.c_str(), &hints);
    });
    if (status < 0) {
      const CreationSite made_at = request->attempt->site;
      auto tell = [request = std::move(request), status] {
        found_addresses(*request, status, nullptr);
      };
      next_tick(std::move(tell), made_at);
    }
  }

  static void found_addresses(Lookup& lookup, int status, const addrinfo* found) {
    Owned attempt = std::move(lookup.attempt);
    attempt->lookup = nullptr;
    for (; found; found = found->ai_next) {
      if (found->ai_family != AF_INET && found->ai_family != AF_INET6) continue;
      attempt->rest.push_back(SocketAddress::from(found->ai_addr));
    }
    if (attempt->rest.empty() || attempt->canceled) {
      attempt->state = nullptr;
      const int why = attempt->canceled ? UV_ECANCELED : status < 0 ? status : UV_EAI_NODATA;
      return attempt->fn(Error(why, "getaddrinfo", lookup.host));
    }
    std::reverse(attempt->rest.begin(), attempt->rest.end());
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
  constexpr std::size_t longest_name = 253;  // RFC 1035, without the final dot.
  std::optional<SocketAddress> literal;
  try {
    literal.emplace(host, port);
  } catch (const Error&) {
  }
  if (literal) return start(*literal, std::move(fn), site);
  if (host.empty() || host.size() > longest_name || host.find('\0') != host.npos) {
    const std::string_view shown = host.empty() ? "\"\"" : host.substr(0, host.find('\0'));
    Error failure(UV_EINVAL, "getaddrinfo", std::string(shown));
    auto tell = [fn = std::move(fn), failure = std::move(failure)]() mutable { fn(failure); };
    next_tick(std::move(tell), site);
    return nullptr;
  }
  auto attempt = std::make_unique<TcpConnect>(SocketAddress(), std::move(fn), site);
  Cancellable* settler = attempt.get();
  look_up(std::move(attempt), std::string(host), port);
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
