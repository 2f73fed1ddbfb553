#pragma once

#include <optional>

#include "contrail/tcp.h"
#include "src/io/stream_state.h"

namespace contrail::inline v0::detail {

inline constexpr ResourceType tcp_type{resource_types::tcp.name,
                                       &AnyRef::tag_of<TcpSocket::Details>};

struct TcpState final : StreamState {
  /// A socket that will connect.
  TcpState(const SocketAddress& remote, CreationSite site);
  /// One that is connected already: whom it comes from has accepted or received it. Closes the
  /// descriptor if libuv does not take it, as accept_status then says.
  TcpState(Incoming incoming, const AsyncResource& from);

  const char* name() const noexcept override { return "TcpSocket"; }
  std::string subject() const override { return details.remote.to_string(); }

  uv_tcp_t tcp{};
  int accept_status = 0;
  TcpSocket::Details details;
  AsyncResource its_resource;

 private:
  TcpSocket::Details take_over(Incoming incoming);
};

}  // namespace contrail::inline v0::detail
