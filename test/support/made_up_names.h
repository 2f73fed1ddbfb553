#pragma once

#include <vector>

#include "contrail/socket_address.h"

namespace contrail {

/// What the names "several.test" and "sevéral.test" mean to this program, whatever the machine
/// knows. See tcp_test.cc, which stands in for the system's getaddrinfo().
extern std::vector<SocketAddress> several;

}  // namespace contrail
