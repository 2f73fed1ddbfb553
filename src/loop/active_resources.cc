#include "src/loop/loop_state.h"

namespace contrail::inline v0 {
namespace {

ActiveResource described(const AsyncResource& resource, bool has_ref) {
  return {resource.type(), resource.async_id(), resource.trigger_async_id(),
          resource.creation_site(), has_ref};
}

}  // namespace

std::vector<ActiveResource> detail::LoopState::active_resources() const {
  std::vector<ActiveResource> all;
  open.each_now([&](const Open& item) {
    if (const AsyncResource* resource = item.about()) {
      all.push_back(described(*resource, item.keeps_loop()));
    }
  });
  timers.each(
      [&](const TimeoutState& timer) { all.push_back(described(timer.resource, timer.has_ref)); });
  immediates.each([&](const ImmediateState& immediate) {
    all.push_back(described(immediate.resource, immediate.has_ref));
  });
  return all;
}

std::vector<ActiveResource> Loop::active_resources() const { return state().active_resources(); }

}  // namespace contrail::inline v0
