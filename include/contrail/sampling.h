#pragma once

#include <functional>
#include <utility>

#include "contrail/detail/context_frame.h"

namespace contrail::inline v0 {

/// Calls fn(args...) in the current context, marked as sampled, returns what it returns, and then
/// puts the context back. The mark stays with all that fn starts, as a store would, and a hook that
/// asks for HookCallbacks::only_sampled hears of nothing else:
///
///     http::Server server([&](http::Request request, http::Response response) {
///       if (++count % 1000 != 0) return handle(std::move(request), std::move(response));
///       // A tracer that is limited to what is sampled sees one in a thousand.
///       run_sampled([&] { handle(std::move(request), std::move(response)); });
///     });
///
/// "Sampled" as in the trace-flags of W3C Trace Context. Needs no Loop.
template <class F, class... Args>
decltype(auto) run_sampled(F&& fn, Args&&... args) {
  const auto frame = detail::FrameRef::adopt(detail::sampled_frame(detail::hot.frame));
  detail::FrameScope scope(frame.get());
  return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
}

/// Whether the current context is sampled.
inline bool is_sampled() noexcept { return detail::hot.frame && detail::hot.frame->sampled; }

}  // namespace contrail::inline v0
