#pragma once

#include <uv.h>

#include <memory>

#include "contrail/detail/cancellable.h"
#include "contrail/detail/pool.h"
#include "src/loop/callback_scope.h"
#include "src/loop/open_list.h"

namespace contrail::inline v0::detail {

/// What was handed to libuv last on this thread: how the promise form of an operation finds the
/// request that its callback form has made.
inline constinit thread_local Cancellable* last_submitted = nullptr;

/// Something that happens once. It owns itself between submit() and its completion, which takes it
/// back; the Loop cancels what it can when it goes.
template <class Request>
class RequestState : public Open, public Cancellable, public Pooled {
 public:
  /// For the completion callback.
  template <class Derived>
  static std::unique_ptr<Derived> take(Request* request) noexcept {
    auto* self = static_cast<RequestState*>(request->data);
    self->under_way_ = false;
    return std::unique_ptr<Derived>(static_cast<Derived*>(self));
  }

  /// Calls start(&request), which hands it to libuv. If libuv refuses, it is the caller's again.
  template <class Derived, class Start>
  static int submit(std::unique_ptr<Derived>& self, Start start) {
    self->request.data = static_cast<RequestState*>(self.get());
    const int status = start(&self->request);
    if (status >= 0) {
      loop_state().open.add(*self);
      last_submitted = self.get();
      self->under_way_ = true;
      self.release();
    }
    return status;
  }

  /// Only while it waits for a thread of the pool: then libuv calls back with ECANCELED.
  bool cancel() noexcept override {
    return under_way_ && uv_cancel(reinterpret_cast<uv_req_t*>(&request)) == 0;
  }

  bool keeps_loop() const noexcept override { return true; }

  Request request{};

 protected:
  RequestState() noexcept = default;

 private:
  void end() noexcept override { RequestState::cancel(); }

  bool under_way_ = false;  ///< libuv has it, and has not called back yet.
};

}  // namespace contrail::inline v0::detail
