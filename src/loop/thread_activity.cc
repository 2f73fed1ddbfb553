#include "contrail/execution.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0 {

ThreadActivity thread_activity() noexcept {
  const detail::HotLine& hot = detail::hot;
  if (!hot.environment) {
    return hot.runs_pool_job ? ThreadActivity::pool_job : ThreadActivity::no_loop;
  }
  if (hot.execution_id != no_async_id && hot.execution_id != root_async_id) {
    return ThreadActivity::callback;
  }
  return static_cast<const detail::LoopState*>(hot.environment)->running
             ? ThreadActivity::no_callback
             : ThreadActivity::outside_loop;
}

}  // namespace contrail::inline v0
