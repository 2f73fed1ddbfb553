#pragma once

#include <concepts>
#include <string_view>
#include <utility>

#include "contrail/async_context.h"
#include "contrail/async_local_storage.h"
#include "contrail/detail/export.h"
#include "contrail/hooks/signal_text.h"

namespace contrail::inline v0::hooks {

/// A value of the current context that reports about it show: of crashes, of slow callbacks.
/// Shown until this goes out of scope.
class CONTRAIL_API ContextField {
 public:
  /// Writes the value in the current context, if there is one. Called in signal handlers.
  using Show = bool (*)(const void* variable, void (*format)(), SignalText& to);

  /// See context_field(). Throws std::length_error if there are 32 already.
  ContextField(std::string_view name, const void* variable, void (*format)(), Show show);
  ContextField(ContextField&& other) noexcept : place_(std::exchange(other.place_, -1)) {}
  ContextField& operator=(ContextField other) noexcept {
    std::swap(place_, other.place_);
    return *this;
  }
  ~ContextField();

 private:
  int place_;
};

/// How values are shown by default: what has no default needs a function of yours. Text is quoted.
template <class T>
requires std::convertible_to<const T&, std::string_view>
void show_value(const T& value, SignalText& to) { to.quoted(value); }
template <std::integral T>
void show_value(const T& value, SignalText& to) {
  to.number(value);
}
inline void show_value(const bool& value, SignalText& to) { to.text(value ? "true" : "false"); }

/// Makes a store part of all reports until the returned object goes out of scope, which must be
/// before the storage does. The name is copied, at most 31 bytes of it.
///
///     AsyncLocalStorage<std::string> user;
///     const auto shown = hooks::context_field("user", user);
///
/// `format` is called in the signal handlers of install_crash_handler(): it only reads, and
/// allocates nothing. What others have a say in it writes by SignalText::quoted(), lest they forge
/// fields. From any thread.
template <class T>
[[nodiscard]] ContextField context_field(std::string_view name, const AsyncLocalStorage<T>& storage,
                                         void (*format)(const T&, SignalText&) = &show_value) {
  return {name, &storage, reinterpret_cast<void (*)()>(format),
          [](const void* variable, void (*kept)(), SignalText& to) {
            const T* value = static_cast<const AsyncLocalStorage<T>*>(variable)->get_store();
            if (value) reinterpret_cast<void (*)(const T&, SignalText&)>(kept)(*value, to);
            return value != nullptr;
          }};
}
template <class T>
[[nodiscard]] ContextField context_field(std::string_view name,
                                         const async_context::Variable<T>& variable,
                                         void (*format)(const T&, SignalText&) = &show_value) {
  return {name, &variable, reinterpret_cast<void (*)()>(format),
          [](const void* kept_variable, void (*kept)(), SignalText& to) {
            const T* value = static_cast<const async_context::Variable<T>*>(kept_variable)->get();
            if (value) reinterpret_cast<void (*)(const T&, SignalText&)>(kept)(*value, to);
            return value != nullptr;
          }};
}

/// Whether any is registered. Also in signal handlers.
CONTRAIL_API bool has_context_fields() noexcept;

/// All fields, as `before` + `name=value` each; "(nothing)" stands for no value here and now. Also
/// in signal handlers.
CONTRAIL_API void write_context_fields(SignalText& to, std::string_view before = " ");

}  // namespace contrail::inline v0::hooks
