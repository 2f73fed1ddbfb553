#pragma once

namespace contrail::inline v0::detail {

/// The terminals of this process that are raw, so that they can be put back as they were whatever
/// ends the process. For all threads.
namespace raw_terminals {

/// One more user wants the terminal that the descriptor is open on to be raw. Returns its place, to
/// be given to leave(); or libuv's status.
int enter(int descriptor) noexcept;
/// The last user's restores it.
void leave(int place) noexcept;
/// Somebody has put a signal back to its default action: takes it over again if that is needed.
void rearm() noexcept;

}  // namespace raw_terminals

}  // namespace contrail::inline v0::detail
