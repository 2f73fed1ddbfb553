#pragma once

#include <uv.h>

#include <array>
#include <future>

namespace contrail {

/// All threads of libuv's pool, kept from whatever waits for one.
class BusyPool {
 public:
  BusyPool() {
    uv_loop_init(&loop_);
    for (auto& job : jobs_) {
      job.data = this;
      uv_queue_work(
          &loop_, &job, [](uv_work_t* done) { static_cast<BusyPool*>(done->data)->until_.wait(); },
          [](uv_work_t*, int) {});
    }
  }
  BusyPool(const BusyPool&) = delete;
  BusyPool& operator=(const BusyPool&) = delete;
  ~BusyPool() {
    released_.set_value();
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

 private:
  uv_loop_t loop_{};
  std::promise<void> released_;
  const std::shared_future<void> until_{released_.get_future()};
  std::array<uv_work_t, 128> jobs_{};  // More than a pool of any sensible size has.
};

}  // namespace contrail
