#pragma once

#include <fmt/core.h>
#include <uv.h>

#include "src/loop/callback_scope.h"
#include "src/loop/descriptor_watch.h"
#include "src/loop/open_list.h"

namespace contrail::inline v0::detail {

[[noreturn, gnu::cold]] inline void die_off_loop(std::string_view type) noexcept {
  die(
      fmt::format("contrail: a {} was used on a thread other than its Loop's, or after its Loop: "
                  "Loop::post() gets there",
                  type));
}

/// The pinned half of a public handle. The public half owns it through a unique_ptr whose deleter
/// is let_go(): close, and delete when libuv has let go, too. So a handle may be destroyed
/// anywhere, also inside its own callback; and if its Loop goes first, what is left of it waits
/// for its owner.
class HandleState : public Open {
 public:
  /// The owner is gone.
  void let_go() noexcept {
    if (phase_ == Phase::open || phase_ == Phase::closing) check_thread();
    owned_ = false;
    if (phase_ == Phase::open) {
      close();
    } else if (phase_ != Phase::closing) {
      delete this;
    }
  }

  void close() noexcept {
    if (phase_ != Phase::open) return;
    check_thread();
    closing();
    phase_ = Phase::closing;
    uv_close(handle_, [](uv_handle_t* handle) {
      auto* self = static_cast<HandleState*>(handle->data);
      self->closed();
      self->phase_ = Phase::closed;
      self->leave();
      if (!self->owned_) delete self;
      DescriptorWatch::came_back();
    });
    stopped();
  }

  bool is_open() const noexcept { return phase_ == Phase::open; }
  const uv_handle_t* uv_handle() const noexcept override { return handle_; }
  bool wants_loop() const noexcept override { return phase_ == Phase::open && uv_has_ref(handle_); }
  bool keeps_loop() const noexcept override {
    return phase_ == Phase::open && uv_is_active(handle_) && uv_has_ref(handle_);
  }

  /// Whether it keeps the loop alive; may be said before libuv knows it.
  void set_ref(bool on) noexcept {
    has_ref_ = on;
    if (phase_ == Phase::open) apply_ref();
  }
  bool has_ref() const noexcept { return has_ref_; }

  void check_thread() const noexcept {
    if (hot.environment != loop_) die_off_loop(name());
  }
  /// Whose handle it is, by what libuv keeps for us: handle->data.
  template <class State>
  static State& owner_of(void* data) noexcept {
    return *static_cast<State*>(static_cast<HandleState*>(data));
  }

  /// What the public half is called.
  virtual const char* name() const noexcept = 0;

 protected:
  HandleState() noexcept : loop_(&loop_state()) {}

  /// libuv knows the handle from here on.
  void opened(void* uv_handle) noexcept {
    handle_ = static_cast<uv_handle_t*>(uv_handle);
    handle_->data = this;
    phase_ = Phase::open;
    if (!has_ref_) apply_ref();
    loop_->open.add(*this);
  }

  /// About to close: for what must not wait until libuv has let go.
  virtual void closing() noexcept {}
  /// libuv watches it no more: what it was for, and libuv does not close, may go.
  virtual void stopped() noexcept {}

  /// libuv has let go: the last chance to tell anyone. The owner may let go in here.
  virtual void closed() noexcept = 0;

  LoopState& loop() const noexcept { return *loop_; }

 private:
  enum class Phase { unopened, open, closing, closed };

  void end() noexcept override { close(); }
  void apply_ref() noexcept { has_ref_ ? uv_ref(handle_) : uv_unref(handle_); }

  LoopState* loop_;
  uv_handle_t* handle_ = nullptr;
  Phase phase_ = Phase::unopened;
  bool owned_ = true;
  bool has_ref_ = true;
};

/// What the public half uses: it was not moved from, and this is its Loop's thread.
template <class State>
State& in_use(State* state, const char* name) noexcept {
  if (!state) die_moved_from(name);
  state->check_thread();
  return *state;
}

}  // namespace contrail::inline v0::detail
