#include "src/io/address_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "contrail/microtask.h"

namespace contrail::inline v0::detail {
namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035, without the final dot.

constexpr ResourceType lookup_type{resource_types::get_address_info.name,
                                   &AnyRef::tag_of<LookupDetails>};

int native(AddressFamily family) noexcept {
  switch (family) {
    case AddressFamily::ipv4: return AF_INET;
    case AddressFamily::ipv6: return AF_INET6;
    case AddressFamily::any: break;
  }
  return AF_UNSPEC;
}

}  // namespace

std::optional<SocketAddress> literal_address(std::string_view host, std::uint16_t port) {
  try {
    return SocketAddress(host, port);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<Error> AddressLookup::refusal(std::string_view host) {
  const std::size_t end = std::min(host.find('\0'), host.size());
  if (!host.empty() && host.size() <= longest_name && end == host.size()) return std::nullopt;
  const std::size_t shown = std::min(end, longest_name);
  return Error(UV_EINVAL, "getaddrinfo",
               host.empty() ? "\"\"" : std::string(host.substr(0, shown)));
}

AddressLookup::AddressLookup(std::string_view host, AsyncId trigger, Fn fn, CreationSite site)
    : fn_(std::move(fn)),
      details_{std::string(host)},
      resource_(lookup_type, {.trigger_async_id = trigger, .details = AnyRef::to(details_)}, site) {
}

AddressLookup* AddressLookup::start(std::string_view host, const LookupOptions& options,
                                    AsyncId trigger, Fn fn, CreationSite site) {
  auto self = std::make_unique<AddressLookup>(host, trigger, std::move(fn), site);
  AddressLookup* const asked = self.get();
  const int status = asked->submit_to_libuv(self, options);
  if (status >= 0) return asked;
  auto tell = [self = std::move(self), status] { self->fn_(self->result(status, nullptr)); };
  next_tick(std::move(tell), site);
  return nullptr;
}

int AddressLookup::submit_to_libuv(std::unique_ptr<AddressLookup>& self,
                                   const LookupOptions& options) {
  addrinfo hints{};
  hints.ai_family = native(options.family);
  hints.ai_socktype = SOCK_STREAM;  // Otherwise each address comes once for every type.
  hints.ai_flags = AI_NUMERICSERV | (options.numeric_only ? AI_NUMERICHOST : 0);
  const std::string port = std::to_string(options.port);
  return submit(self, [&](uv_getaddrinfo_t* submitted) {
    return uv_getaddrinfo(
        loop_state().uv, submitted,
        [](uv_getaddrinfo_t* done, int status, addrinfo* found) {
          auto finished = take<AddressLookup>(done);
          run_callback(finished->resource_,
                       [&] { finished->fn_(finished->result(status, found)); });
          uv_freeaddrinfo(found);
        },
        details_.host.c_str(), port.c_str(), &hints);
  });
}

Result<std::vector<SocketAddress>> AddressLookup::result(int status, const addrinfo* found) const {
  if (status == UV_EAI_CANCELED) status = UV_ECANCELED;
  std::vector<SocketAddress> addresses;
  for (; found; found = found->ai_next) {
    if (found->ai_family != AF_INET && found->ai_family != AF_INET6) continue;
    addresses.push_back(SocketAddress::from(found->ai_addr));
  }
  if (!addresses.empty()) return addresses;
  return Error(status < 0 ? status : UV_EAI_NODATA, "getaddrinfo", details_.host);
}

}  // namespace contrail::inline v0::detail
