#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace contrail::inline v0 {

template <class Signature>
class Function;

/// A callable that can be moved but not copied, so it may own sockets, promises and buffers.
///
/// Callables of up to 48 bytes that move without throwing are stored inside; larger ones are
/// allocated. Calling an empty Function throws std::bad_function_call.
///
/// A Function<void(...)> drops what its callable returns. If that is a Promise the work goes on
/// unwatched, as after Promise::detach(). The captures of a lambda belong to the lambda, which a
/// coroutine may outlive, so a lambda that captures and is a coroutine is refused.
template <class R, class... Args>
class Function<R(Args...)> {
 public:
  static constexpr std::size_t inline_bytes = 48;

  Function() noexcept = default;
  Function(std::nullptr_t) noexcept {}

  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Function> &&
           std::is_invocable_r_v<R, std::decay_t<F>&, Args...>) Function(F&& fn) {
    using Target = std::decay_t<F>;
    static_assert(
        !std::is_void_v<R> || !outlives<std::invoke_result_t<Target&, Args...>, Target>,
        "this coroutine would outlive the callback, and with it what the lambda has "
        "captured: hand that to a coroutine as arguments, from a lambda that returns void");
    // A function by its name is never null, and compilers warn of asking.
    using Given = std::remove_cvref_t<F>;
    if constexpr (std::is_pointer_v<Given> || std::is_member_pointer_v<Given>) {
      if (fn == nullptr) return;
    }
    if constexpr (fits<Target>) {
      ::new (static_cast<void*>(storage_)) Target(std::forward<F>(fn));
      operations_ = &inline_operations<Target>;
    } else {
      auto* target = new Target(std::forward<F>(fn));
      std::memcpy(storage_, &target, sizeof target);
      operations_ = &heap_operations<Target>;
    }
  }

  Function(Function&& other) noexcept { take(other); }
  Function& operator=(Function&& other) noexcept {
    if (this != &other) {
      // What is replaced may, in its destructor, look at this Function and assign to it.
      const Function replaced(std::move(*this));
      take(other);
    }
    return *this;
  }
  Function& operator=(std::nullptr_t) noexcept {
    const Function replaced(std::move(*this));
    return *this;
  }
  ~Function() {
    if (operations_ && operations_->destroy) operations_->destroy(storage_);
  }

  explicit operator bool() const noexcept { return operations_ != nullptr; }

  R operator()(Args... args) {
    if (!operations_) throw std::bad_function_call();
    return operations_->call(storage_, std::forward<Args>(args)...);
  }

 private:
  /// Numbers and pointers travel in registers.
  template <class T>
  using Passed = std::conditional_t<std::is_scalar_v<T>, T, T&&>;

  struct Operations {
    R (*call)(void*, Passed<Args>...);
    /// Never a copy of all the bytes: loads wider than the stores that have just filled the storage
    /// would wait for those to reach the cache.
    void (*relocate)(void* to, void* from) noexcept;
    void (*destroy)(void*) noexcept;  ///< nullptr: nothing to do.
  };

  template <class Target>
  static constexpr bool fits =
      sizeof(Target) <= inline_bytes &&
      alignof(Target) <= alignof(void*) && std::is_nothrow_move_constructible_v<Target>;

  /// Whether the result is a coroutine that may refer to the state of a function object.
  template <class Result, class Target>
  static constexpr bool outlives = std::is_class_v<Target> && !std::is_empty_v<Target> && requires {
    typename Result::promise_type;
  };

  template <class Target>
  static R call_target(Target& target, Passed<Args>... args) {
    if constexpr (std::is_void_v<R>) {
      static_cast<void>(std::invoke(target, std::forward<Args>(args)...));
    } else {
      return std::invoke(target, std::forward<Args>(args)...);
    }
  }

  template <class Target>
  static Target* inline_target(void* storage) noexcept {
    return std::launder(static_cast<Target*>(storage));
  }

  template <class Target>
  static Target* heap_target(void* storage) noexcept {
    Target* target;
    std::memcpy(&target, storage, sizeof target);
    return target;
  }

  template <class Target>
  static constexpr Operations inline_operations = {
      .call = [](void* storage, Passed<Args>... args) -> R {
        return call_target(*inline_target<Target>(storage), std::forward<Args>(args)...);
      },
      .relocate =
          [](void* to, void* from) noexcept {
            Target* source = inline_target<Target>(from);
            ::new (to) Target(std::move(*source));
            source->~Target();
          },
      .destroy = std::is_trivially_destructible_v<Target>
                     ? nullptr
                     : +[](void* storage) noexcept { inline_target<Target>(storage)->~Target(); },
  };

  template <class Target>
  static constexpr Operations heap_operations = {
      .call = [](void* storage, Passed<Args>... args) -> R {
        return call_target(*heap_target<Target>(storage), std::forward<Args>(args)...);
      },
      .relocate = [](void* to, void* from) noexcept { std::memcpy(to, from, sizeof(Target*)); },
      .destroy = [](void* storage) noexcept { delete heap_target<Target>(storage); },
  };

  void take(Function& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_) operations_->relocate(storage_, other.storage_);
  }

  alignas(void*) std::byte storage_[inline_bytes];
  const Operations* operations_ = nullptr;
};

}  // namespace contrail::inline v0
