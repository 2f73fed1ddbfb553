#pragma once

#include <memory>

#include "contrail/detail/coroutine.h"
#include "contrail/detail/reactions.h"
#include "contrail/detail/thenable_job.h"
#include "contrail/promise.h"

// The members of Promise that must be templates.

namespace contrail::inline v0 {

template <class T>
auto Promise<T>::with_resolver(CreationSite site) -> WithResolver {
  auto state = detail::new_promise<T>(nullptr, site);
  return {Promise(state), Resolver<T>(state)};
}

template <class T>
template <std::invocable<Resolver<T>> Executor>
Promise<T>::Promise(Executor executor, CreationSite site)
    : state_(detail::new_promise<T>(nullptr, site)) {
  state_->begin_executor();
  try {
    std::invoke(executor, Resolver<T>(state_));
  } catch (...) {
    if (state_->claim()) state_->reject(std::current_exception());
  }
  if (state_->end_executor()) state_->reject(detail::broken_promise());
}

template <class T>
Promise<T> Promise<T>::resolve(Stored value, CreationSite site) {
  auto state = detail::new_promise<T>(nullptr, site);
  state->claim();
  state->resolve(std::move(value));
  return Promise(std::move(state));
}

template <class T>
template <ThenableOf<T> F>
Promise<T> Promise<T>::resolve(F thenable, CreationSite site) {
  auto state = detail::new_promise<T>(nullptr, site);
  state->claim();
  state->adopt_thenable(std::move(thenable));
  return Promise(std::move(state));
}

template <class T>
Promise<T> Promise<T>::reject(std::exception_ptr error, CreationSite site) {
  auto state = detail::new_promise<T>(nullptr, site);
  state->claim();
  state->reject(std::move(error));
  return Promise(std::move(state));
}

template <class T>
void Resolver<T>::resolve(Stored value) {
  if (!claim()) return;
  try {
    state_->resolve(std::move(value));
  } catch (...) {
    state_->reject(std::current_exception());
  }
}

template <class T>
template <class F>
auto Promise<T>::then(F fn, CreationSite site) const {
  using R = decltype(detail::call_with_value(fn, state()));
  using U = detail::SettledBy<R>;
  return detail::derive<U>(
      detail::state_of(*this),
      [fn = std::move(fn)](auto& derived, auto& source) mutable {
        detail::settle_from(derived, [&]() -> R { return detail::call_with_value(fn, source); });
      },
      detail::pass_error, site);
}

template <class T>
template <class F, class E>
auto Promise<T>::then(F fn, E on_rejected, CreationSite site) const {
  using R = decltype(detail::call_with_value(fn, state()));
  using U = detail::SettledBy<R>;
  using Other = detail::SettledBy<detail::ErrorResult<E>>;
  static_assert(std::is_void_v<U> ? std::is_void_v<Other> : std::is_convertible_v<Other, U>,
                "then: on_rejected must return what fn returns");
  return detail::derive<U>(
      detail::state_of(*this),
      [fn = std::move(fn)](auto& derived, auto& source) mutable {
        detail::settle_from(derived, [&]() -> R { return detail::call_with_value(fn, source); });
      },
      [fn = std::move(on_rejected)](auto& derived, auto& source) mutable {
        detail::settle_from(derived, [&]() -> decltype(auto) {
          return detail::call_with_error(fn, source.error());
        });
      },
      site);
}

template <class T>
template <class F>
Promise<T> Promise<T>::catch_error(F fn, CreationSite site) const {
  using U = detail::SettledBy<detail::ErrorResult<F>>;
  static_assert(std::is_void_v<T> ? std::is_void_v<U> : std::is_convertible_v<U, T>,
                "catch_error: fn must return what the promise promises");
  return detail::derive<T>(
      detail::state_of(*this), detail::pass_value,
      [fn = std::move(fn)](auto& derived, auto& source) mutable {
        detail::settle_from(derived, [&]() -> decltype(auto) {
          return detail::call_with_error(fn, source.error());
        });
      },
      site);
}

template <class T>
template <std::invocable F>
Promise<T> Promise<T>::finally(F fn, CreationSite site) const {
  using R = std::invoke_result_t<F&>;
  using U = detail::SettledBy<R>;
  // As JavaScript does it: the outcome waits for a promise of fn's result, one `then` away.
  auto after_fn = [fn = std::move(fn), site](auto& derived, auto& source) mutable {
    detail::settle_from(derived, [&]() -> Promise<T> {
      auto done = [&]() -> Promise<U> {
        if constexpr (detail::is_promise<std::decay_t<R>>) {
          return fn();
        } else if constexpr (std::is_void_v<R>) {
          fn();
          return Promise<void>::resolve({}, site);
        } else if constexpr (detail::is_value_or_promise<std::decay_t<R>>) {
          return std::visit([](auto&& outcome) { return Promise<U>::resolve(std::move(outcome)); },
                            fn());
        } else {
          return Promise<U>::resolve(fn(), site);
        }
      }();
      return detail::derive<T>(
          detail::state_of(done),
          [outcome = detail::Ref<detail::PromiseState<T>>::share(&source)](auto& result, auto&) {
            detail::settle_like(result, *outcome);
          },
          detail::pass_error, site);
    });
  };
  // One callable for both outcomes: the reaction owns it once.
  auto shared = std::make_shared<decltype(after_fn)>(std::move(after_fn));
  auto call = [shared](auto& derived, auto& source) { (*shared)(derived, source); };
  return detail::derive<T>(detail::state_of(*this), call, call, site);
}

}  // namespace contrail::inline v0
