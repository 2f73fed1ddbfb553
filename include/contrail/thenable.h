#pragma once

#include <concepts>
#include <utility>

#include "contrail/fwd.h"

namespace contrail::inline v0 {

namespace detail {
template <class T>
inline constexpr bool is_promise = false;
template <class T>
inline constexpr bool is_promise<Promise<T>> = true;
}  // namespace detail

/// A foreign object that stands for a result: JavaScript's thenable. How the futures of another
/// library, or of an old part of your own, become promises:
///
///     struct RowOf {
///       using value_type = Row;
///       void then(Resolver<Row> resolver) {
///         query->on_row([resolver = std::move(resolver)](Row row) mutable {
///           resolver.resolve(std::move(row));
///         });
///       }
///       std::shared_ptr<legacy::Query> query;
///     };
///     Row row = co_await RowOf{query};
///
/// Wherever a promise may take another one's outcome it takes a thenable's: Promise::resolve(),
/// Resolver::resolve(), co_await, co_return, and what a reaction returns. It is moved in, and a
/// microtask calls its then(), once, in the context of the call that adopted it. Hooks see that as
/// a `before` and `after` of the adopting PROMISE. What then() throws rejects, unless the resolver
/// has already been used; a resolver that then() drops rejects as any other does.
template <class F>
concept Thenable =
    !detail::is_promise<F> && requires(F & thenable, Resolver<typename F::value_type> resolver) {
  { thenable.then(std::move(resolver)) } -> std::same_as<void>;
};

/// One whose result is a T.
template <class F, class T>
concept ThenableOf = Thenable<F> && std::same_as<typename F::value_type, T>;

}  // namespace contrail::inline v0
