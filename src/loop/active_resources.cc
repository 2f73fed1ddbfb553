#include <string_view>
#include <unordered_set>
#include <vector>

#include "src/loop/loop_state.h"

namespace contrail::inline v0 {
namespace {

ActiveResource described(const AsyncResource& resource, bool has_ref) {
  return {resource.type(), resource.async_id(), resource.trigger_async_id(),
          resource.creation_site(), has_ref};
}

/// As C spells it, for as long as anybody wants it.
std::string_view type_name(const uv_handle_t& handle) noexcept {
  switch (uv_handle_get_type(&handle)) {
#define CONTRAIL_HANDLE_TYPE(name, lower_name) \
  case UV_##name: return "uv_" #lower_name "_t";
    UV_HANDLE_TYPE_MAP(CONTRAIL_HANDLE_TYPE)
#undef CONTRAIL_HANDLE_TYPE
    default: return "uv_handle_t";
  }
}

/// Handles on the Loop's libuv loop that it does not know.
class ForeignHandles {
 public:
  explicit ForeignHandles(const detail::LoopState& loop)
      : ours_{&loop.wake, loop.timers.uv_handle(), loop.immediates.uv_handle()} {
    loop.open.each_now([&](const detail::Open& item) { ours_.insert(item.uv_handle()); });
  }

  void append_to(std::vector<ActiveResource>& all, uv_loop_t* uv) {
    all_ = &all;
    uv_walk(
        uv,
        [](uv_handle_t* handle, void* self) { static_cast<ForeignHandles*>(self)->visit(handle); },
        this);
  }

 private:
  void visit(const uv_handle_t* handle) {
    if (!uv_is_active(handle) || !uv_has_ref(handle) || ours_.contains(handle)) return;
    all_->push_back({type_name(*handle), no_async_id, no_async_id, {}, true});
  }

  std::unordered_set<const void*> ours_;  ///< Of those that may be active with a ref.
  std::vector<ActiveResource>* all_ = nullptr;
};

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
  for (const CreationSite site : holds) {
    all.push_back({"KeepAlive", no_async_id, no_async_id, site, true});
  }
  ForeignHandles(*this).append_to(all, uv);
  return all;
}

std::vector<ActiveResource> Loop::active_resources() const { return state().active_resources(); }

}  // namespace contrail::inline v0
