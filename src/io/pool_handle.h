#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "contrail/fs.h"
#include "src/io/fs_request.h"
#include "src/loop/handle.h"

namespace contrail::inline v0::detail {

/// The pinned half of something open that libuv has no handle for, because all it does is done on
/// the pool: a file. It closes there, too, once the operations in flight are finished.
///
/// The public half owns it through a unique_ptr whose deleter is let_go().
class PoolHandle : public Open {
 public:
  /// Held by each operation: what is open stays open until then.
  class InFlight {
   public:
    explicit InFlight(PoolHandle& handle) noexcept : handle_(&handle) { ++handle.in_flight_; }
    InFlight(InFlight&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    InFlight& operator=(InFlight&&) = delete;
    ~InFlight() {
      if (handle_) handle_->finished_one();
    }
    /// Nobody is left who could use the result.
    bool abandoned() const noexcept { return !handle_->owned_; }

   private:
    PoolHandle* handle_;
  };

  /// The owner is gone: closes, and tells the loop's handler of uncaught exceptions should that
  /// fail.
  void let_go() noexcept;
  /// Once it is closed, a second one does nothing.
  void close(Callback<void> fn, CreationSite site);
  bool is_open() const noexcept { return phase_ == Phase::open; }
  void check_thread() const noexcept {
    if (hot.environment != loop_) die_off_loop(name());
  }
  /// What the public half is called.
  virtual const char* name() const noexcept = 0;

  virtual AsyncResource& resource() noexcept = 0;
  const AsyncResource* about() const noexcept override {
    return &const_cast<PoolHandle*>(this)->resource();
  }
  bool keeps_loop() const noexcept override { return false; }
  virtual const fs::Path& path() const noexcept = 0;

 protected:
  /// With the type of the request that closes it.
  explicit PoolHandle(const ResourceType& close_type) noexcept;
  ~PoolHandle() override;

  /// On the pool, or on the loop if that is going: 0, or libuv's status.
  virtual int close_system() noexcept = 0;

 private:
  enum class Phase { open, closing, closed };
  struct CloseRequest;

  void end() noexcept override;
  void finished_one() noexcept;
  void submit_close() noexcept;
  void close_now() noexcept;
  void become_closed() noexcept;
  void delete_if_unused() noexcept;

  LoopState* loop_;
  const ResourceType& close_type_;
  std::unique_ptr<CloseRequest> close_;  ///< Waits for what is in flight.
  std::vector<Callback<void>> also_told_;
  std::size_t in_flight_ = 0;
  Phase phase_ = Phase::open;
  bool owned_ = true;
};

}  // namespace contrail::inline v0::detail
