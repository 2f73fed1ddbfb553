#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "contrail/detail/export.h"
#include "contrail/detail/message_queue.h"
#include "contrail/function.h"
#include "contrail/fwd.h"
#include "contrail/promise.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0 {

template <class In, class Out = In>
class DetachedPort;

namespace detail {
struct PortState;
struct ClosePort {
  CONTRAIL_API void operator()(PortState* state) const noexcept;
};
}  // namespace detail

/// What ports have in common, whatever their messages are.
class CONTRAIL_API AnyMessagePort {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    bool open = true;
    bool has_ref = false;  ///< It keeps Loop::run() from returning.
  };

  /// Calls fn once, when this port is closed: here, or because the other one was and all it had
  /// posted is delivered. Not when it is detached.
  void on_close(Function<void()> fn);
  /// Now, rather than at the end of the scope. What was not delivered is dropped. Idempotent.
  void close() noexcept;
  bool is_open() const noexcept;

  /// Messages posted here that the other side has not been given yet: what to apply back-pressure
  /// by. See MessageChannelOptions for a limit.
  std::size_t queued() const noexcept;
  /// Whether anybody is left to read what is posted. In transit counts.
  bool is_connected() const noexcept;

  /// Whether the port keeps Loop::run() from returning. As in Node it does while it has an
  /// on_message(), and, beyond that, while a receive() waits.
  void ref() noexcept;
  void unref() noexcept;
  bool has_ref() const noexcept;

  explicit operator bool() const noexcept { return state_ != nullptr; }  ///< Not moved from.
  AsyncId async_id() const noexcept;

 protected:
  AnyMessagePort(std::unique_ptr<detail::AnyInbox> inbox,
                 std::shared_ptr<detail::AnyMessageQueue> outbox, CreationSite site);
  AnyMessagePort(AnyMessagePort&&) noexcept = default;
  AnyMessagePort& operator=(AnyMessagePort&&) noexcept = default;
  ~AnyMessagePort() = default;

  detail::AnyInbox& any_inbox() const noexcept;
  const std::shared_ptr<detail::AnyMessageQueue>& any_outbox() const noexcept;
  /// Looks at what is there in a later turn.
  void look_again() noexcept;
  void wait() noexcept;
  /// Goes, but leaves the channel open.
  void leave() noexcept;

 private:
  detail::PortState& state() const noexcept;
  std::unique_ptr<detail::PortState, detail::ClosePort> state_;
};

/// One end of a MessageChannel. Receives messages of type In and posts messages of type Out, which
/// are moved, not copied or serialized: what they share with others has to be safe to share.
///
/// Belongs to the Loop on which it was made; closes when it goes out of scope, and then the other
/// end closes, too, once it has delivered what was posted before. detach() gets it to another
/// thread.
///
/// Hooks see a MESSAGEPORT: a before and after for each message, and one for the end. No context
/// crosses: callbacks run in the one in which the port was made, here, on this thread.
template <class In, class Out = In>
class MessagePort : public AnyMessagePort {
 public:
  /// Begins where the detached one was: what it had not delivered is delivered here.
  MessagePort(DetachedPort<In, Out> port, CreationSite site = CreationSite::current())
      : MessagePort(std::move(port.inbox_), std::move(port.outbox_), site) {}

  /// Queues a message for the other side and wakes its Loop if that is asleep. False if the other
  /// side is closed, this one is, or the channel's limit is reached; the message is then still
  /// where it was.
  bool post_message(Out&& message) {
    return static_cast<Outbox&>(*any_outbox()).post(std::move(message));
  }
  bool post_message(const Out& message) requires std::is_copy_constructible_v<Out> {
    return post_message(Out(message));
  }

  /// Calls fn with each message, those that are here already included, but not before this returns.
  /// Another fn takes its place; an empty one lets messages wait. Keeps the loop running: unref().
  void on_message(Function<void(In)> fn) {
    Inbox& from = inbox();
    if (!is_open()) return;
    fn ? ref() : unref();
    from.listen(std::move(fn));
    look_again();
  }

  /// The next message; nothing once the port is closed. For coroutines, in place of on_message():
  /// rejects with EBUSY if there is one, or if another receive() waits.
  Promise<std::optional<In>> receive(std::stop_token stop = {},
                                     CreationSite site = CreationSite::current()) {
    using Received = std::optional<In>;
    Inbox& from = inbox();
    if (stop.stop_requested()) return Promise<Received>::reject(detail::receive_canceled(), site);
    if (!is_open()) return Promise<Received>::resolve(Received(), site);
    if (from.wanted()) return Promise<Received>::reject(detail::port_is_busy(), site);
    if (from.available() > 0) return Promise<Received>::resolve(Received(from.next()), site);
    wait();
    return from.wait(std::move(stop), site);
  }

  /// Takes the port off this Loop, with all that it has not delivered, so that it can be captured
  /// by, or posted to, another thread. This one is closed then; its callbacks stay behind.
  DetachedPort<In, Out> detach() && {
    auto rest = inbox().split_off();
    leave();
    return DetachedPort<In, Out>(std::move(rest), std::static_pointer_cast<Outbox>(any_outbox()));
  }

 private:
  using Inbox = detail::Inbox<In>;
  using Outbox = detail::MessageQueue<Out>;
  static_assert(std::is_nothrow_move_constructible_v<In> &&
                    std::is_nothrow_move_constructible_v<Out>,
                "MessagePort: messages have to move without throwing");
  template <class A, class B>
  friend struct MessageChannel;

  MessagePort(std::unique_ptr<Inbox> inbox, std::shared_ptr<Outbox> outbox, CreationSite site)
      : AnyMessagePort(std::move(inbox), std::move(outbox), site) {}
  Inbox& inbox() const noexcept { return static_cast<Inbox&>(any_inbox()); }
};

/// A port on its way to another thread. Belongs to no Loop, and becomes a MessagePort on the thread
/// where it is made into one. What is posted to it meanwhile waits. If it is dropped the channel is
/// closed.
template <class In, class Out>
class DetachedPort {
 public:
  DetachedPort(DetachedPort&&) noexcept = default;
  DetachedPort& operator=(DetachedPort&& other) noexcept {
    std::swap(inbox_, other.inbox_);
    std::swap(outbox_, other.outbox_);
    return *this;
  }
  ~DetachedPort() {
    if (!inbox_) return;
    inbox_->close();
    outbox_->close_writer();
  }

 private:
  friend class MessagePort<In, Out>;
  DetachedPort(std::unique_ptr<detail::Inbox<In>> inbox,
               std::shared_ptr<detail::MessageQueue<Out>> outbox) noexcept
      : inbox_(std::move(inbox)), outbox_(std::move(outbox)) {}

  std::unique_ptr<detail::Inbox<In>> inbox_;
  std::shared_ptr<detail::MessageQueue<Out>> outbox_;
};

struct MessageChannelOptions {
  /// In each direction: post_message() refuses what exceeds it. 0: no limit.
  std::size_t queued_max = 0;
};

/// Two ports that post messages to each other, in order, both on the Loop of whoever makes them:
/// `port1` receives A and posts B, `port2` the other way round.
///
///     MessageChannel<std::string, Job> channel;
///     Worker worker(do_jobs, std::move(channel.port2));
///     channel.port1.on_message([](std::string result) { fmt::print("{}\n", result); });
///     channel.port1.post_message(Job{...});
template <class A, class B = A>
struct MessageChannel {
  explicit MessageChannel(MessageChannelOptions options = {},
                          CreationSite site = CreationSite::current())
      : MessageChannel(std::make_shared<detail::MessageQueue<A>>(options.queued_max),
                       std::make_shared<detail::MessageQueue<B>>(options.queued_max), site) {}

  MessagePort<A, B> port1;
  MessagePort<B, A> port2;

 private:
  MessageChannel(std::shared_ptr<detail::MessageQueue<A>> to_port1,
                 std::shared_ptr<detail::MessageQueue<B>> to_port2, CreationSite site)
      : port1(std::make_unique<detail::Inbox<A>>(to_port1), to_port2, site),
        port2(std::make_unique<detail::Inbox<B>>(std::move(to_port2)), std::move(to_port1), site) {}
};

}  // namespace contrail::inline v0
