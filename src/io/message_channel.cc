#include "contrail/message_channel.h"

#include <uv.h>

#include "contrail/async_resource.h"
#include "src/loop/handle.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

inline constexpr ResourceType message_port_type{resource_types::message_port.name,
                                                &AnyRef::tag_of<AnyMessagePort::Details>};

}  // namespace

/// The pinned half of a port: what wakes its Loop.
struct PortState final : HandleState {
  PortState(std::unique_ptr<AnyInbox> its_inbox, std::shared_ptr<AnyMessageQueue> its_outbox,
            CreationSite site);

  const char* name() const noexcept override { return "MessagePort"; }
  const AsyncResource* about() const noexcept override { return &resource; }
  /// From any thread, as long as the inbox's queue knows this port.
  void wake() noexcept { uv_async_send(&handle); }
  void leave() noexcept;
  void close_channel() noexcept;
  void update_ref() noexcept;

  std::unique_ptr<AnyInbox> inbox;
  std::shared_ptr<AnyMessageQueue> outbox;
  uv_async_t handle{};
  bool ref_wanted = false;
  bool waited_for = false;
  bool left = false;
  Function<void()> on_close;
  AnyMessagePort::Details details;
  AsyncResource resource;

 private:
  void on_wake();
  void forget_wait() noexcept;
  void closed() noexcept override;
  void end() noexcept override { close_channel(); }
};

PortState::PortState(std::unique_ptr<AnyInbox> its_inbox,
                     std::shared_ptr<AnyMessageQueue> its_outbox, CreationSite site)
    : inbox(std::move(its_inbox)),
      outbox(std::move(its_outbox)),
      resource(message_port_type, AnyRef::to(details), site) {
  if (!inbox) die_moved_from("DetachedPort");
  const int status = uv_async_init(loop().uv, &handle, [](uv_async_t* woken) {
    static_cast<PortState*>(static_cast<HandleState*>(woken->data))->on_wake();
  });
  if (status < 0) throw Error(status, "uv_async_init");
  opened(&handle);
  update_ref();
  inbox->queue().wake_from_now_on(this);
}

void PortState::on_wake() {
  inbox->take();
  // What arrives from here on wakes it again: other handles have their turn first.
  for (std::size_t due = inbox->available(); due > 0 && inbox->available() > 0; --due) {
    if (!is_open() || !inbox->wanted()) return;
    run_callback(resource, [this] {
      // Unless a hook has closed it, or taken the message.
      if (is_open() && inbox->wanted() && inbox->available() > 0) inbox->deliver();
    });
    forget_wait();
  }
  forget_wait();
  if (inbox->ended && inbox->available() == 0) close_channel();
}

/// Whoever waited has a message, or has given up.
void PortState::forget_wait() noexcept {
  if (!waited_for || inbox->wanted()) return;
  waited_for = false;
  update_ref();
}

void PortState::leave() noexcept {
  if (!is_open()) return;
  inbox->queue().wake_from_now_on(nullptr);
  left = true;
  close();
}

void PortState::close_channel() noexcept {
  if (!is_open()) return;
  inbox->queue().wake_from_now_on(nullptr);
  inbox->close();
  outbox->refuse_posts();
  close();
}

void PortState::update_ref() noexcept {
  set_ref(ref_wanted || waited_for);
  details.has_ref = has_ref() && is_open();
}

void PortState::closed() noexcept {
  details = {.open = false, .has_ref = false};
  if (!left) outbox->close_writer();  // Not earlier: the other side's end follows this one's.
  run_callback(resource, [this] {
    inbox->tell_end();
    if (auto fn = std::exchange(on_close, {}); fn && !left) fn();
  });
  on_close = nullptr;
  inbox->clear();
  resource.emit_destroy();
  resource.release_context();
}

void ClosePort::operator()(PortState* state) const noexcept {
  state->close_channel();
  state->let_go();
}

AnyInbox::~AnyInbox() = default;

void AnyMessageQueue::wake_from_now_on(PortState* reader) noexcept {
  std::lock_guard lock(mutex_);
  reader_ = reader;
  if (reader && posted_ + ended_ > 0) reader->wake();
}

void AnyMessageQueue::refuse_posts() noexcept {
  std::lock_guard lock(mutex_);
  refuses_posts_ = true;
}

void AnyMessageQueue::close_writer() noexcept {
  std::lock_guard lock(mutex_);
  ended_ = true;
  wake();
}

void AnyMessageQueue::wake() noexcept {
  if (reader_) reader_->wake();
}

void AnyMessageQueue::wake_reader() noexcept {
  std::lock_guard lock(mutex_);
  wake();
}

Error receive_canceled() { return Error(UV_ECANCELED, "receive"); }

Error port_is_busy() {
  return Error(UV_EBUSY, "receive", {}, "this port has an on_message(), or a receive() that waits");
}

}  // namespace detail

AnyMessagePort::AnyMessagePort(std::unique_ptr<detail::AnyInbox> inbox,
                               std::shared_ptr<detail::AnyMessageQueue> outbox, CreationSite site)
    : state_(new detail::PortState(std::move(inbox), std::move(outbox), site)) {}

detail::PortState& AnyMessagePort::state() const noexcept {
  if (!state_) detail::die_moved_from("MessagePort");
  if (state_->is_open()) state_->check_thread();
  return *state_;
}

void AnyMessagePort::on_close(Function<void()> fn) { state().on_close = std::move(fn); }
void AnyMessagePort::close() noexcept { state().close_channel(); }
bool AnyMessagePort::is_open() const noexcept { return state().is_open(); }

void AnyMessagePort::ref() noexcept {
  state().ref_wanted = true;
  state().update_ref();
}
void AnyMessagePort::unref() noexcept {
  state().ref_wanted = false;
  state().update_ref();
}
bool AnyMessagePort::has_ref() const noexcept { return state().details.has_ref; }
AsyncId AnyMessagePort::async_id() const noexcept { return state().resource.async_id(); }

std::size_t AnyMessagePort::queued() const noexcept { return state().outbox->queued(); }
bool AnyMessagePort::is_connected() const noexcept {
  return is_open() && !state().outbox->is_unread();
}

detail::AnyInbox& AnyMessagePort::any_inbox() const noexcept {
  state().check_thread();
  return *state().inbox;
}
const std::shared_ptr<detail::AnyMessageQueue>& AnyMessagePort::any_outbox() const noexcept {
  state().check_thread();
  return state().outbox;
}
void AnyMessagePort::look_again() noexcept { state().wake(); }
void AnyMessagePort::wait() noexcept {
  state().waited_for = true;
  state().update_ref();
  // It closes once all is delivered, which by receive() happens unseen.
  if (state().inbox->ended) state().wake();
}
void AnyMessagePort::leave() noexcept { state().leave(); }

}  // namespace contrail::inline v0
