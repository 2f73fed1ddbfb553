#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/promise.h"
#include "contrail/result.h"
#include "contrail/socket_address.h"

namespace contrail::inline v0 {

/// Which kind of addresses is asked for.
enum class AddressFamily { any, ipv4, ipv6 };

struct LookupOptions {
  /// Others are left out. As in Node, a literal address is what it is.
  AddressFamily family = AddressFamily::any;
  /// Reads what the system takes for an address, "127.1" for instance, and never asks the network;
  /// a name is then not found.
  bool numeric_only = false;
  std::uint16_t port = 0;  ///< What the addresses found get.
};

/// What hooks see of a lookup().
struct CONTRAIL_API LookupDetails {
  std::string host;
};

/// What hooks see of a reverse_lookup().
struct CONTRAIL_API ReverseLookupDetails {
  SocketAddress address;
};

/// What an address is called.
struct HostAndService {
  std::string host;
  std::string service;  ///< Of the port: "http", or its number if it has no name.
};

/// The addresses of a host, at least one, in the system's order: as the system's own programs find
/// them (getaddrinfo), so what /etc/hosts and the like say counts.
///
/// Hooks see a GETADDRINFOREQWRAP, in whose context, the caller's, fn runs. A literal address is
/// its own answer: there is no request then, and fn runs in a tick.
///
/// Fails with EAI_NONAME or EAI_NODATA if nobody knows the host, with EAI_AGAIN if those who might
/// could not be asked, and with EINVAL if it cannot be a name: if it is empty, longer than 253
/// bytes or has a NUL byte in it. Letters beyond ASCII, in UTF-8, are looked up as they are, in the
/// form that IDNA has for them (xn--…): capital or fullwidth ones are other letters.
///
/// The system's call blocks, so it waits for a thread of libuv's pool, of which there are four
/// unless UV_THREADPOOL_SIZE says otherwise.
CONTRAIL_API Promise<std::vector<SocketAddress>> lookup(
    std::string_view host, LookupOptions options = {}, std::stop_token stop = {},
    CreationSite site = CreationSite::current());
CONTRAIL_API void lookup(std::string_view host, LookupOptions options,
                         Callback<std::vector<SocketAddress>> fn,
                         CreationSite site = CreationSite::current());
CONTRAIL_API void lookup(std::string_view host, Callback<std::vector<SocketAddress>> fn,
                         CreationSite site = CreationSite::current());

/// The name of an address and of the service at its port: Node's dns.lookupService. Hooks see a
/// GETNAMEINFOREQWRAP. Fails with EAI_NONAME if the address has no name.
CONTRAIL_API Promise<HostAndService> reverse_lookup(const SocketAddress& address,
                                                    std::stop_token stop = {},
                                                    CreationSite site = CreationSite::current());
CONTRAIL_API void reverse_lookup(const SocketAddress& address, Callback<HostAndService> fn,
                                 CreationSite site = CreationSite::current());

}  // namespace contrail::inline v0
