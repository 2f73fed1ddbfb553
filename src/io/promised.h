#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "contrail/cancellation.h"
#include "contrail/promise.h"
#include "contrail/result.h"
#include "src/loop/request.h"

namespace contrail::inline v0::detail {

/// The callback that settles a promise. For failures that tell more than an Error there is
/// resolver.reject().
template <class T>
struct Settle {
  void operator()(Result<T> result) { resolver.settle(std::move(result)); }

  Resolver<T> resolver;
};

/// The promise form of an operation: start(callback) gets a callback that settles it, and may
/// return whom to ask to cancel it. If it returns nothing, that is the request that it has handed
/// to libuv, if any.
template <class T, class Start>
Promise<T> promised(const Waiting& waiting, Start start) {
  if (waiting.stop.stop_requested()) {
    return Promise<T>::reject(Error(canceled, waiting.syscall, std::string(waiting.subject)),
                              waiting.site);
  }
  auto [promise, resolver] = Promise<T>::with_resolver(waiting.site);
  Settle<T> settle{std::move(resolver)};
  last_submitted = nullptr;
  Cancellable* settler;
  if constexpr (std::is_void_v<std::invoke_result_t<Start&, Settle<T>>>) {
    start(std::move(settle));
    settler = last_submitted;
  } else {
    settler = start(std::move(settle));
  }
  if (promise.pending()) state_of(promise)->settled_by(settler);
  if (waiting.stop.stop_possible()) {
    cancel_on_stop(*state_of(promise), waiting.stop, waiting.syscall, std::string(waiting.subject));
  }
  return std::move(promise);
}

}  // namespace contrail::inline v0::detail
