#pragma once

#include "contrail/resource_info.h"

namespace contrail::inline v0 {

/// The names of all resources that contrail itself makes, as Node spells them. Visible to the
/// linker, so that a kind has one address in the whole process.
namespace resource_types CONTRAIL_API {

inline constexpr ResourceType tick{"TickObject"};
inline constexpr ResourceType microtask{"Microtask"};
inline constexpr ResourceType immediate{"Immediate"};
inline constexpr ResourceType promise{"PROMISE"};
inline constexpr ResourceType bound_function{"bound-anonymous-fn"};
inline constexpr ResourceType timeout{"Timeout"};  ///< set_timeout and set_interval.

inline constexpr ResourceType tcp{"TCPWRAP"};
inline constexpr ResourceType tcp_server{"TCPSERVERWRAP"};
inline constexpr ResourceType tcp_connect{"TCPCONNECTWRAP"};
inline constexpr ResourceType pipe{"PIPEWRAP"};
inline constexpr ResourceType pipe_server{"PIPESERVERWRAP"};
inline constexpr ResourceType pipe_connect{"PIPECONNECTWRAP"};
inline constexpr ResourceType write{"WRITEWRAP"};
inline constexpr ResourceType shutdown{"SHUTDOWNWRAP"};
inline constexpr ResourceType get_address_info{"GETADDRINFOREQWRAP"};
inline constexpr ResourceType process{"PROCESSWRAP"};
inline constexpr ResourceType fs_request{"FSREQCALLBACK"};
inline constexpr ResourceType work{"WORKREQ"};  ///< queue_work, unless told otherwise.

inline constexpr ResourceType http_incoming_message{"HTTPINCOMINGMESSAGE"};

}  // namespace CONTRAIL_API

}  // namespace contrail::inline v0
