#pragma once

#include "contrail/detail/context_frame.h"

namespace contrail::inline v0::detail {

/// One entry of the microtask queue. Intrusive: the awaiter in a coroutine frame is its own job.
struct Job {
  using Step = void (*)(Job*) noexcept;

  Job(Step run_step, Step drop_step) noexcept : run(run_step), drop(drop_step) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  Job* next = nullptr;
  Step run;   ///< Does the work and disposes of the job.
  Step drop;  ///< Disposes of it undone: its Loop is being destroyed.
};

/// Appends to the microtask queue of this thread's Loop.
CONTRAIL_API void enqueue_job(Job* job) noexcept;

}  // namespace contrail::inline v0::detail
