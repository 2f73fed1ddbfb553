#pragma once

#include <functional>
#include <utility>

#include "contrail/detail/context_frame.h"

namespace contrail::inline v0 {

/// Calls fn(args...) in the current context, marked as sampled, returns what it returns, and then
/// puts the context back. The mark stays with all that fn starts, as a store would, and a hook that
/// asks for HookCallbacks::only_sampled hears of nothing else:
///
///     server.on_request([](Request request, Response response) {
///       if (++count % 1000 != 0) return handle(request, response);
///       run_sampled([&] { handle(request, response); });  // A tracer sees one in a thousand.
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
