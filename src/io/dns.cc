#include "contrail/dns.h"

#include <netdb.h>

#include <optional>

#include "contrail/execution.h"
#include "src/io/address_lookup.h"
#include "src/io/promised.h"
#include "src/io/tell_later.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

constexpr ResourceType reverse_type{resource_types::get_name_info.name,
                                    &AnyRef::tag_of<ReverseLookupDetails>};

/// One question for the name of an address: a GETNAMEINFOREQWRAP.
struct NameLookup final : RequestState<uv_getnameinfo_t> {
  NameLookup(const SocketAddress& address, Callback<HostAndService> callback, CreationSite site)
      : fn(std::move(callback)),
        details{address},
        resource(reverse_type, AnyRef::to(details), site) {}

  static void start(const SocketAddress& address, Callback<HostAndService> fn, CreationSite site) {
    auto self = std::make_unique<NameLookup>(address, std::move(fn), site);
    // It fails only for addresses that are neither IPv4 nor IPv6.
    submit(self, [&](uv_getnameinfo_t* submitted) {
      return uv_getnameinfo(loop_state().uv, submitted, on_loop, address.native(), NI_NAMEREQD);
    });
  }

  static void on_loop(uv_getnameinfo_t* done, int status, const char* host, const char* service) {
    auto self = take<NameLookup>(done);
    run_callback(self->resource, [&] {
      if (status >= 0) return self->fn(HostAndService{host, service});
      if (status == UV_EAI_CANCELED) status = UV_ECANCELED;
      self->fn(Error(status, "getnameinfo", self->details.address.to_string()));
    });
  }

  const AsyncResource* about() const noexcept override { return &resource; }

  Callback<HostAndService> fn;
  ReverseLookupDetails details;
  AsyncResource resource;
};

}  // namespace
}  // namespace detail

void lookup(std::string_view host, LookupOptions options, Callback<std::vector<SocketAddress>> fn,
            CreationSite site) {
  if (auto literal = detail::literal_address(host, options.port)) {
    return detail::tell_later(std::move(fn), std::vector{*literal}, site);
  }
  if (auto refused = detail::AddressLookup::refusal(host)) {
    return detail::tell_later(std::move(fn), *refused, site);
  }
  detail::AddressLookup::start(host, options, execution_async_id(), std::move(fn), site);
}

void lookup(std::string_view host, Callback<std::vector<SocketAddress>> fn, CreationSite site) {
  lookup(host, {}, std::move(fn), site);
}

Promise<std::vector<SocketAddress>> lookup(std::string_view host, LookupOptions options,
                                           std::stop_token stop, CreationSite site) {
  using Addresses = std::vector<SocketAddress>;
  return detail::promised<Addresses>(
      {std::move(stop), site, "getaddrinfo", host},
      [&](Callback<Addresses> fn) { lookup(host, options, std::move(fn), site); });
}

void reverse_lookup(const SocketAddress& address, Callback<HostAndService> fn, CreationSite site) {
  detail::NameLookup::start(address, std::move(fn), site);
}

Promise<HostAndService> reverse_lookup(const SocketAddress& address, std::stop_token stop,
                                       CreationSite site) {
  const std::string subject = stop.stop_possible() ? address.to_string() : std::string();
  return detail::promised<HostAndService>(
      {std::move(stop), site, "getnameinfo", subject},
      [&](Callback<HostAndService> fn) { reverse_lookup(address, std::move(fn), site); });
}

}  // namespace contrail::inline v0
