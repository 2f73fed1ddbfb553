#include "src/io/pool_handle.h"

namespace contrail::inline v0::detail {

struct PoolHandle::CloseRequest : RequestState<uv_work_t> {
  CloseRequest(PoolHandle& what, Callback<void> callback, CreationSite site)
      : handle(&what),
        fn(std::move(callback)),
        details{"close", what.path()},
        resource(what.close_type_, AnyRef::to(details), site) {}

  static void on_pool(uv_work_t* request) {
    auto& self = static_cast<CloseRequest&>(*static_cast<RequestState*>(request->data));
    self.status = self.handle->close_system();
  }

  static void on_loop(uv_work_t* request, int status) {
    auto self = take<CloseRequest>(request);
    // Cancelled by a Loop that goes: it has to be closed even so.
    if (status < 0) self->handle->close_system();
    self->handle->become_closed();
    self->tell(status < 0 ? status : self->status);
  }

  void tell(int result) {
    std::vector<Callback<void>> others = std::move(handle->also_told_);
    PoolHandle* closed = std::exchange(handle, nullptr);
    const Result<void> outcome = result < 0 ? Error(result, "close", details.path) : Result<void>();
    InFlight kept(*closed);  // Its owner may let go of it in here.
    CallbackScope scope;
    scope.call(resource, [&] { fn(outcome); });
    for (Callback<void>& other : others) scope.call(resource, [&] { other(outcome); });
  }

  const AsyncResource* about() const noexcept override { return &resource; }

  PoolHandle* handle;
  Callback<void> fn;
  int status = 0;
  fs::Details details;
  AsyncResource resource;
};

PoolHandle::PoolHandle(const ResourceType& close_type) noexcept
    : loop_(&loop_state()), close_type_(close_type) {
  loop_->open.add(*this);
}

PoolHandle::~PoolHandle() = default;

void PoolHandle::let_go() noexcept {
  if (phase_ != Phase::closed) check_thread();
  owned_ = false;
  if (phase_ == Phase::closed) return delete_if_unused();
  if (phase_ == Phase::closing) return;
  if (!hot.tearing_down)
    return close([](Result<void> closed) { closed.value(); }, resource().creation_site());
  if (in_flight_ == 0) close_now();
}

void PoolHandle::close(Callback<void> fn, CreationSite site) {
  if (phase_ == Phase::closing) return also_told_.push_back(std::move(fn));
  if (phase_ == Phase::closed) return tell_later(std::move(fn), {}, site);
  phase_ = Phase::closing;
  close_ = std::make_unique<CloseRequest>(*this, std::move(fn), site);
  if (in_flight_ == 0) submit_close();
}

void PoolHandle::submit_close() noexcept {
  // It fails only for lack of a callback.
  CloseRequest::submit(close_, [](uv_work_t* request) {
    return uv_queue_work(loop_state().uv, request, CloseRequest::on_pool, CloseRequest::on_loop);
  });
}

void PoolHandle::finished_one() noexcept {
  if (--in_flight_ > 0) return;
  const bool forgotten = phase_ == Phase::open && !owned_;
  if (!close_ && !forgotten) return delete_if_unused();
  if (hot.tearing_down) return close_now();
  submit_close();
}

/// The Loop is going: nobody is kept waiting.
void PoolHandle::end() noexcept {
  const bool submitted = phase_ == Phase::closing && !close_;
  if (in_flight_ == 0 && !submitted) close_now();
}

void PoolHandle::close_now() noexcept {
  const auto untold = std::move(close_);
  const auto others = std::move(also_told_);
  close_system();
  become_closed();
  delete_if_unused();
}

void PoolHandle::become_closed() noexcept {
  phase_ = Phase::closed;
  leave();
  resource().emit_destroy();
  resource().release_context();
}

void PoolHandle::delete_if_unused() noexcept {
  if (!owned_ && phase_ == Phase::closed && in_flight_ == 0) delete this;
}

}  // namespace contrail::inline v0::detail
