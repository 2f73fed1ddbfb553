#include "contrail/async_resource.h"

#include <fmt/core.h>

#include <stdexcept>

#include "contrail/execution.h"
#include "src/async/environment.h"

namespace contrail::inline v0 {
namespace {

/// Ids are doubles in Node; what it refuses as a trigger is refused here too.
constexpr AsyncId largest_id = (AsyncId{1} << 53) - 1;

AsyncId trigger_of(const ResourceOptions& options) {
  if (options.trigger) return options.trigger->async_id();
  if (!options.trigger_async_id) return execution_async_id();
  const AsyncId trigger = *options.trigger_async_id;
  if (trigger > largest_id && trigger != unassigned_async_id) {
    throw std::out_of_range(fmt::format(
        "AsyncResource: trigger_async_id is {}; it must be at most {}", trigger, largest_id));
  }
  return trigger;
}

}  // namespace

const ResourceType& detail::intern_type(std::string_view name) {
  return environment().types.intern(name, nullptr);
}

AsyncResource::AsyncResource(std::string_view type, ResourceOptions options, CreationSite site)
    : AsyncResource(detail::environment().types.intern(type, options.details.tag()), options,
                    site) {}

AsyncResource::AsyncResource(const ResourceType& type, ResourceOptions options, CreationSite site)
    : AsyncResource(type, options.details.object(), trigger_of(options), site,
                    options.require_manual_destroy ? std::uintptr_t{manual} : 0, options.trigger) {}

void AsyncResource::announce(const AsyncResource* cause) {
  detail::HookRegistry& hooks = detail::environment().hooks;
  const ResourceType& type = resource_type();
  if (type.name.empty()) [[unlikely]] {
    release_context();
    throw std::invalid_argument("AsyncResource: the type must not be empty");
  }
  const ResourceInfo made{id_, trigger_, type, AnyRef::from(details_, type.details_tag), site_};
  detail::ResourceNotes* const fresh = hooks.new_notes(frame_ && frame_->sampled);
  if (fresh) {
    fresh->details = details_;
    details_ = fresh;
    type_and_flags_ |= noted;
  }
  hooks.emit_init(made, type, fresh, cause ? cause->notes() : nullptr);
}

void AsyncResource::begin_again(detail::FrameRef context) {
  id_ = ++detail::hot.last_id;
  trigger_ = detail::hot.execution_id;
  if (detail::ResourceNotes* old = notes()) {
    details_ = const_cast<void*>(old->details);
    detail::queue_destroy(no_async_id, false, old, detail::NotesEnd::here);
  }
  type_and_flags_ &= ~std::uintptr_t{destroyed | noted};
  release_context();
  frame_ = context.detach();
  if (detail::watched(detail::watch_init)) announce(nullptr);
}

void AsyncResource::forget_details() noexcept {
  if (detail::ResourceNotes* its = notes()) {
    its->details = nullptr;
    return;
  }
  for (detail::ScopeLink* link = detail::hot.scope; link; link = link->outer()) {
    if (link->key().async_id == id_) link->forget_details();
  }
}

}  // namespace contrail::inline v0
