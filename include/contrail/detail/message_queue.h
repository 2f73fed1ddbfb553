#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "contrail/cancellation.h"
#include "contrail/detail/export.h"
#include "contrail/error.h"
#include "contrail/function.h"
#include "contrail/promise.h"

namespace contrail::inline v0::detail {

struct PortState;

/// What receive() rejects with if somebody else is to have the next message.
CONTRAIL_API Error port_is_busy();
CONTRAIL_API Error receive_canceled();

/// One direction of a channel, whatever its messages are. Each of the two ports has a share in it.
class CONTRAIL_API AnyMessageQueue {
 public:
  explicit AnyMessageQueue(std::size_t queued_max) noexcept : queued_max_(queued_max) {}
  AnyMessageQueue(const AnyMessageQueue&) = delete;
  AnyMessageQueue& operator=(const AnyMessageQueue&) = delete;

  /// The port to wake when there is something; at once, if there is already. nullptr: nobody, for
  /// now.
  void wake_from_now_on(PortState* reader) noexcept;
  /// The writing port is about to close: it posts no more.
  void refuse_posts() noexcept;
  void wake_reader() noexcept;
  void close_writer() noexcept;
  /// Posted and not delivered; from any thread.
  std::size_t queued() const noexcept {
    std::lock_guard lock(mutex_);
    return posted_ - delivered_.load(std::memory_order_relaxed);
  }
  /// Nobody will ever read what is posted.
  bool is_unread() const noexcept {
    std::lock_guard lock(mutex_);
    return unread_;
  }
  /// By the reader alone.
  void delivered_one() noexcept {
    delivered_.store(delivered_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

 protected:
  ~AnyMessageQueue() = default;
  /// Whether one more may be posted. Guarded by mutex_, as is all that follows.
  bool has_room() const noexcept {
    return !unread_ && !refuses_posts_ &&
           (queued_max_ == 0 || posted_ - delivered_.load(std::memory_order_relaxed) < queued_max_);
  }
  void wake() noexcept;

  mutable std::mutex mutex_;
  const std::size_t queued_max_;
  std::size_t posted_ = 0;
  bool refuses_posts_ = false;
  bool ended_ = false;   ///< The writing port is closed.
  bool unread_ = false;  ///< The reading port is closed.

 private:
  PortState* reader_ = nullptr;
  /// Written by the reader, which need not lock for it; away from what the writer writes.
  alignas(64) std::atomic<std::size_t> delivered_ = 0;
};

template <class T>
class MessageQueue final : public AnyMessageQueue {
 public:
  using AnyMessageQueue::AnyMessageQueue;

  /// Moves the message in if there is room for it and somebody to read it.
  bool post(T&& message) {
    std::lock_guard lock(mutex_);
    if (!has_room()) return false;
    messages_.push_back(std::move(message));
    ++posted_;
    if (messages_.size() == 1) wake();
    return true;
  }
  /// Moves all there is behind what is in `batch`; true if nothing will follow.
  bool take(std::vector<T>& batch) {
    std::lock_guard lock(mutex_);
    if (batch.empty()) {
      batch.swap(messages_);
    } else {
      for (auto&& message : messages_) batch.push_back(std::move(message));
      messages_.clear();
    }
    return ended_;
  }
  void close_reader() noexcept {
    std::vector<T> unread;  // Their destructors may do anything: not under the lock.
    std::lock_guard lock(mutex_);
    unread_ = true;
    unread.swap(messages_);
  }

 private:
  std::vector<T> messages_;
};

/// The reading half of a port, as libuv's side of it sees it.
class CONTRAIL_API AnyInbox {
 public:
  AnyInbox() noexcept = default;
  AnyInbox(const AnyInbox&) = delete;
  AnyInbox& operator=(const AnyInbox&) = delete;
  virtual ~AnyInbox();

  virtual void take() = 0;                             ///< What was sent by now.
  virtual std::size_t available() const noexcept = 0;  ///< Taken and not delivered.
  virtual bool wanted() const noexcept = 0;            ///< Somebody wants a message.
  virtual void deliver() = 0;                          ///< The first one that is available.
  virtual void close() noexcept = 0;  ///< Nothing more is taken: who posts is told.
  virtual void tell_end() = 0;        ///< To who waits.
  virtual void clear() noexcept = 0;  ///< Forgets listeners, and what was not delivered.
  virtual AnyMessageQueue& queue() noexcept = 0;

  bool ended = false;  ///< Nothing follows what is available.
};

template <class T>
class Inbox final : public AnyInbox, public Cancellable {
 public:
  using Received = std::optional<T>;

  explicit Inbox(std::shared_ptr<MessageQueue<T>> queue) noexcept : queue_(std::move(queue)) {}

  void take() override {
    if (next_ == batch_.size()) {
      batch_.clear();
      next_ = 0;
    }
    ended = queue_->take(batch_);
  }
  std::size_t available() const noexcept override { return batch_.size() - next_; }
  bool wanted() const noexcept override { return listener_ || waiting_; }

  T next() {
    queue_->delivered_one();
    return std::move(batch_[next_++]);
  }
  void deliver() override {
    if (auto resolver = std::exchange(waiting_, std::nullopt)) {
      resolver->resolve(Received(next()));
    } else {
      const Delivery running(*this);
      (*listener_)(next());
    }
  }
  void listen(Function<void(T)> fn) {
    auto next_listener = fn ? std::make_unique<Function<void(T)>>(std::move(fn)) : nullptr;
    auto old = std::exchange(listener_, std::move(next_listener));
    // The first to be replaced is the one that is running.
    if (delivering_ && !replaced_) replaced_ = std::move(old);
  }
  Promise<Received> wait(std::stop_token stop, CreationSite site) {
    auto [promise, resolver] = Promise<Received>::with_resolver(site);
    waiting_ = std::move(resolver);
    state_of(promise)->settled_by(this);
    if (stop.stop_possible()) {
      cancel_on_stop(*state_of(promise), std::move(stop), "receive", {});
    }
    return std::move(promise);
  }
  bool cancel() noexcept override {
    auto resolver = std::exchange(waiting_, std::nullopt);
    if (!resolver) return false;
    resolver->reject(receive_canceled());
    queue_->wake_reader();  // Perhaps nothing keeps its loop running now.
    return true;
  }
  void close() noexcept override { queue_->close_reader(); }
  void tell_end() override {
    if (auto resolver = std::exchange(waiting_, std::nullopt)) resolver->resolve(Received());
  }
  void clear() noexcept override {
    listen({});
    waiting_.reset();
    const std::vector<T> unread = std::exchange(batch_, {});
    next_ = 0;
  }
  AnyMessageQueue& queue() noexcept override { return *queue_; }

  /// All that was not delivered, for another port.
  std::unique_ptr<Inbox> split_off() {
    auto rest = std::make_unique<Inbox>(queue_);
    for (; next_ < batch_.size(); ++next_) rest->batch_.push_back(std::move(batch_[next_]));
    rest->ended = ended;
    return rest;
  }

 private:
  struct Delivery {
    explicit Delivery(Inbox& of) noexcept : inbox(of) { inbox.delivering_ = true; }
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;
    ~Delivery() {
      inbox.delivering_ = false;
      inbox.replaced_ = nullptr;
    }
    Inbox& inbox;
  };

  std::shared_ptr<MessageQueue<T>> queue_;
  std::vector<T> batch_;
  std::size_t next_ = 0;
  std::unique_ptr<Function<void(T)>> listener_;  ///< Stays where it is while it runs.
  std::unique_ptr<Function<void(T)>> replaced_;  ///< Inside its own call.
  bool delivering_ = false;
  std::optional<Resolver<Received>> waiting_;
};

}  // namespace contrail::inline v0::detail
