#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/dns.h"
#include "contrail/error.h"
#include "src/loop/request.h"

namespace contrail::inline v0::detail {

/// The address that host is, if it is no name.
std::optional<SocketAddress> literal_address(std::string_view host, std::uint16_t port);

/// One question for the addresses of a host: a GETADDRINFOREQWRAP.
class AddressLookup final : public RequestState<uv_getaddrinfo_t> {
 public:
  using Fn = Callback<std::vector<SocketAddress>>;

  /// Why nobody is even asked, if there is a reason.
  static std::optional<Error> refusal(std::string_view host);

  /// Asks for a host that is not refused. What is returned lives until fn is called, and is null
  /// if that is in a tick already.
  static AddressLookup* start(std::string_view host, const LookupOptions& options, AsyncId trigger,
                              Fn fn, CreationSite site);

  AddressLookup(std::string_view host, AsyncId trigger, Fn fn, CreationSite site);

  const AsyncResource* about() const noexcept override { return &resource_; }

 private:
  int submit_to_libuv(std::unique_ptr<AddressLookup>& self, const LookupOptions& options);
  Result<std::vector<SocketAddress>> result(int status, const addrinfo* found) const;

  Fn fn_;
  LookupDetails details_;
  AsyncResource resource_;
};

}  // namespace contrail::inline v0::detail
