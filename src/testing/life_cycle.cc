#include "src/testing/life_cycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "contrail/resource_types.h"

namespace contrail::inline v0::testing {
namespace {

/// Whether contrail itself makes them: what a user's code does with its own resources is its own
/// business, as in Node.
bool is_core(std::string_view type) {
  using namespace resource_types;
  static constexpr std::string_view types[] = {
      tick,
      microtask,
      immediate,
      promise,
      timeout,
      tcp,
      tcp_server,
      tcp_connect,
      write,
      shutdown,
      get_address_info,
      fs_request,
      http_incoming_message,
  };
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

}  // namespace

void LifeCycle::see(const HookEvent& event, const Activity& resource) {
  using enum HookEvent::Kind;
  static constexpr std::string_view names[] = {"init", "before", "after", "destroy", "resolve"};
  const std::string_view name = names[static_cast<std::size_t>(event.kind)];
  Seen& seen = seen_[event.async_id];

  if (event.kind == init) {
    if (std::exchange(seen.init, true)) violated(name, resource, "for the second time");
    return;
  }
  if (resource.inits > 0 && !seen.init) violated(name, resource, "ahead of its init");
  if (seen.destroy && is_core(resource.type)) violated(name, resource, "after its destroy");
  if (event.kind == before) running_.push_back(&resource);
  if (event.kind == after) left(resource);
  if (event.kind == destroy) {
    seen.destroy = true;
    if (std::find(running_.begin(), running_.end(), &resource) != running_.end()) {
      violated(name, resource, "while it is running");
    }
  }
}

void LifeCycle::left(const Activity& resource) {
  const auto entered = std::find(running_.rbegin(), running_.rend(), &resource);
  if (entered == running_.rend()) {
    const bool was_running_before = resource.inits == 0;
    if (!was_running_before && resource.type != resource_types::promise.name) {
      violated("after", resource, "without its before");
    }
    return;
  }
  if (entered != running_.rbegin()) {
    violated("after", resource, fmt::format("while {} is running", running_.back()->name));
  }
  running_.erase(std::prev(entered.base()), running_.end());
}

std::vector<std::string> LifeCycle::violations() const {
  std::vector<std::string> violations = violations_;
  for (const Activity* resource : running_) {
    violations.push_back(fmt::format("before {} without its after", resource->name));
  }
  return violations;
}

void LifeCycle::violated(std::string_view event, const Activity& resource, std::string_view how) {
  violations_.push_back(fmt::format("{} {} {}", event, resource.name, how));
}

}  // namespace contrail::inline v0::testing
