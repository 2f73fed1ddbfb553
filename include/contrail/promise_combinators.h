#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "contrail/detail/sources.h"
#include "contrail/promise.h"

namespace contrail::inline v0 {

/// Why any() failed: every promise did.
class CONTRAIL_API AggregateError : public std::runtime_error {
 public:
  explicit AggregateError(std::vector<std::exception_ptr> errors)
      : std::runtime_error("All promises were rejected"),
        errors_(std::make_shared<const std::vector<std::exception_ptr>>(std::move(errors))) {}
  /// In the order of the promises.
  const std::vector<std::exception_ptr>& errors() const noexcept { return *errors_; }

 private:
  std::shared_ptr<const std::vector<std::exception_ptr>> errors_;
};

/// How a promise ended: one element of what all_settled() promises.
template <class T>
struct SettledResult {
  std::optional<typename Promise<T>::Stored> value;  ///< If it was fulfilled.
  std::exception_ptr reason;                         ///< If it was rejected.

  bool fulfilled() const noexcept { return value.has_value(); }
};

namespace detail {

/// The values of a promise of many: vector<void> does not exist.
template <class T>
using Collected =
    std::conditional_t<std::is_void_v<T>, void, std::vector<typename PromiseState<T>::Stored>>;

/// What the reactions to many promises share: the promise they settle, slots, and a count.
template <class T, class Slot>
struct Gathering final : Sources {
  explicit Gathering(CreationSite site) : result(new_promise<T>(nullptr, site)) {
    result->settled_by(this);
  }

  Ref<PromiseState<T>> result;
  std::vector<std::optional<Slot>> slots;
  std::size_t missing = 1;  ///< One for the loop that subscribes: nothing settles before it ends.

  std::vector<Slot> take() {
    std::vector<Slot> values;
    values.reserve(slots.size());
    for (auto& slot : slots) values.push_back(std::move(*slot));
    return values;
  }
};

/// Rejects the promise of many with what fn throws: a value that cannot be copied, for instance.
template <class T, class F>
void or_reject(PromiseState<T>& result, F&& fn) noexcept {
  try {
    fn();
  } catch (...) {
    if (result.claim()) result.reject(std::current_exception());
  }
}

/// Settles the promise of many, unless that has been done, with what make() returns or throws.
template <class T, class Make>
void resolve_with(PromiseState<T>& result, Make&& make) noexcept {
  if (result.claim()) settle_from(result, std::forward<Make>(make));
}

template <class T>
void note_outcome(SettledResult<T>& outcome, PromiseState<T>& source) noexcept {
  if (source.rejected()) {
    outcome.reason = source.error();
    return;
  }
  try {
    outcome.value.emplace(source.take(source.refs == 1));
  } catch (...) {
    outcome.reason = std::current_exception();  // The value cannot be had.
  }
}

template <class T, class Fill>
void gather_each(Sources& sources, const std::vector<Promise<T>>& promises, Fill fill,
                 CreationSite site, Derive derive_when = Derive::if_tracked) {
  for (const Promise<T>& promise : promises) sources.add(promise);
  for (std::size_t i = 0; i < promises.size(); ++i) {
    auto fill_slot = [fill, i, &sources](PromiseState<T>& source) mutable {
      sources.settled(i);
      fill(i, source);
    };
    react(state_of(promises[i]), std::move(fill_slot), derive_when, site);
  }
}

}  // namespace detail

/// Fulfilled with all values, in order, once every promise is; rejected as soon as one is.
/// JavaScript's Promise.all(). Of void promises: Promise<void>. all<T, Result>() promises
/// something else that can be made from the vector, without a `then` in between.
template <class T, class Result = detail::Collected<T>>
Promise<Result> all(std::vector<Promise<T>> promises, CreationSite site = CreationSite::current()) {
  using Slot = typename detail::PromiseState<T>::Stored;
  auto shared = std::make_shared<detail::Gathering<Result, Slot>>(site);
  shared->slots.resize(promises.size());
  auto finish_one = [](auto& gathering) {
    if (--gathering.missing > 0) return;
    if constexpr (std::is_void_v<Result>) {
      if (gathering.result->claim()) gathering.result->resolve();
    } else {
      detail::resolve_with(*gathering.result, [&] { return gathering.take(); });
    }
  };
  shared->missing += promises.size();
  auto fill = [shared, finish_one](std::size_t i, auto& source) {
    if (source.rejected()) {
      if (shared->result->claim()) shared->result->reject(source.error());
      return;
    }
    detail::or_reject(*shared->result, [&] {
      shared->slots[i].emplace(source.take(source.refs == 1));
      finish_one(*shared);
    });
  };
  detail::gather_each(*shared, promises, std::move(fill), site);
  finish_one(*shared);
  return detail::promise_of(shared->result);
}

/// The same for promises of different types: fulfilled with a tuple (std::monostate for void).
template <class... Ts>
requires(sizeof...(Ts) > 0) auto all(Promise<Ts>... promises) {
  using Values = std::tuple<typename detail::PromiseState<Ts>::Stored...>;
  struct Shared final : detail::Sources {
    detail::Ref<detail::PromiseState<Values>> result = detail::new_promise<Values>(nullptr, {});
    std::tuple<std::optional<typename detail::PromiseState<Ts>::Stored>...> slots;
    std::size_t missing = sizeof...(Ts);
  };
  auto shared = std::make_shared<Shared>();
  (shared->add(promises), ...);
  shared->result->settled_by(shared.get());
  auto watch = [&]<std::size_t I, class T>(std::integral_constant<std::size_t, I>,
                                           const Promise<T>& promise) {
    detail::react(detail::state_of(promise), [shared](detail::PromiseState<T>& source) {
      shared->settled(I);
      if (source.rejected()) {
        if (shared->result->claim()) shared->result->reject(source.error());
        return;
      }
      detail::or_reject(*shared->result, [&] {
        std::get<I>(shared->slots).emplace(source.take(source.refs == 1));
        if (--shared->missing > 0) return;
        auto take = [](auto&... slots) { return Values(std::move(*slots)...); };
        detail::resolve_with(*shared->result, [&] { return std::apply(take, shared->slots); });
      });
    });
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (watch(std::integral_constant<std::size_t, I>{}, promises), ...);
  }
  (std::index_sequence_for<Ts...>{});
  return detail::promise_of(shared->result);
}

/// Fulfilled once every promise is settled, with how each of them ended. Rejected only if a value
/// throws when it is moved into the result. For `Result` see all().
template <class T, class Result = std::vector<SettledResult<T>>>
Promise<Result> all_settled(std::vector<Promise<T>> promises,
                            CreationSite site = CreationSite::current()) {
  using Slot = SettledResult<T>;
  auto shared = std::make_shared<detail::Gathering<Result, Slot>>(site);
  shared->needs_all = true;
  shared->slots.resize(promises.size());
  shared->missing += promises.size();
  auto finish_one = [](auto& gathering) {
    if (--gathering.missing > 0) return;
    detail::resolve_with(*gathering.result, [&] { return gathering.take(); });
  };
  auto fill = [shared, finish_one](std::size_t i, auto& source) {
    detail::note_outcome(shared->slots[i].emplace(), source);
    finish_one(*shared);
  };
  detail::gather_each(*shared, promises, std::move(fill), site);
  finish_one(*shared);
  return detail::promise_of(shared->result);
}

/// The same for promises of different types: fulfilled with a tuple.
template <class... Ts>
requires(sizeof...(Ts) > 0) auto all_settled(Promise<Ts>... promises) {
  using Results = std::tuple<SettledResult<Ts>...>;
  struct Shared final : detail::Sources {
    detail::Ref<detail::PromiseState<Results>> result = detail::new_promise<Results>(nullptr, {});
    Results slots;
    std::size_t missing = sizeof...(Ts);
  };
  auto shared = std::make_shared<Shared>();
  shared->needs_all = true;
  (shared->add(promises), ...);
  shared->result->settled_by(shared.get());
  auto watch = [&]<std::size_t I, class T>(std::integral_constant<std::size_t, I>,
                                           const Promise<T>& promise) {
    detail::react(detail::state_of(promise), [shared](detail::PromiseState<T>& source) {
      shared->settled(I);
      detail::note_outcome(std::get<I>(shared->slots), source);
      if (--shared->missing == 0) shared->result->resolve(std::move(shared->slots));
    });
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (watch(std::integral_constant<std::size_t, I>{}, promises), ...);
  }
  (std::index_sequence_for<Ts...>{});
  return detail::promise_of(shared->result);
}

/// Fulfilled as soon as one promise is; rejected with an AggregateError if none is.
template <class T>
Promise<T> any(std::vector<Promise<T>> promises, CreationSite site = CreationSite::current()) {
  auto shared = std::make_shared<detail::Gathering<T, std::exception_ptr>>(site);
  shared->needs_all = true;
  shared->slots.resize(promises.size());
  shared->missing += promises.size();
  auto finish_one = [](auto& gathering) {
    if (--gathering.missing > 0 || !gathering.result->claim()) return;
    gathering.result->reject(std::make_exception_ptr(AggregateError(gathering.take())));
  };
  auto fill = [shared, finish_one](std::size_t i, auto& source) {
    if (source.fulfilled()) {
      if (shared->result->claim()) detail::settle_like(*shared->result, source);
      return;
    }
    shared->slots[i] = source.error();
    finish_one(*shared);
  };
  detail::gather_each(*shared, promises, std::move(fill), site, detail::Derive::always);
  finish_one(*shared);
  return detail::promise_of(shared->result);
}

template <class T, std::same_as<Promise<T>>... Others>
Promise<T> any(Promise<T> first, Others... others) {
  return any(std::vector<Promise<T>>{std::move(first), std::move(others)...}, {});
}

/// Settled like the first promise that is. Of no promises: pending for good.
template <class T>
Promise<T> race(std::vector<Promise<T>> promises, CreationSite site = CreationSite::current()) {
  struct Shared final : detail::Sources {
    explicit Shared(CreationSite made_at) : result(detail::new_promise<T>(nullptr, made_at)) {}
    detail::Ref<detail::PromiseState<T>> result;
  };
  auto shared = std::make_shared<Shared>(site);
  if (!promises.empty()) shared->result->settled_by(shared.get());
  auto settle = [shared](std::size_t, auto& source) {
    if (shared->result->claim()) detail::settle_like(*shared->result, source);
  };
  detail::gather_each(*shared, promises, std::move(settle), site, detail::Derive::always);
  return detail::promise_of(shared->result);
}

template <class T, std::same_as<Promise<T>>... Others>
Promise<T> race(Promise<T> first, Others... others) {
  return race(std::vector<Promise<T>>{std::move(first), std::move(others)...}, {});
}

}  // namespace contrail::inline v0
