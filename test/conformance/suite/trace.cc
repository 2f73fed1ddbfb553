#include "test/conformance/suite/trace.h"

#include <fmt/core.h>

#include "contrail/execution.h"
#include "contrail/resource_types.h"

namespace contrail::conformance {

void Trace::print(std::string_view line) {
  text_ += line;
  text_ += '\n';
}

void Trace::print_missing(std::string_view name) { print(fmt::format("missing {}", name)); }

void Trace::print_id(std::string_view name, AsyncId id) {
  print(fmt::format("id {} {}", name, meet(id)));
}

void Trace::print_resource(std::string_view name, AsyncId id, AsyncId trigger) {
  const std::string met_id = meet(id);
  print(fmt::format("resource {} id={} trigger={}", name, met_id, meet(trigger)));
}

void Trace::print_init(std::string_view hook, const ResourceInfo& resource) {
  note_type(resource.async_id, resource.type);
  const std::string id = meet(resource.async_id);
  const std::string trigger = meet(resource.trigger_async_id);
  print(fmt::format("{} init {} {} trigger={} exec={}", hook, id, resource.type, trigger,
                    executing()));
}

void Trace::print_event(std::string_view hook, std::string_view event, AsyncId id) {
  note_executing();
  print(fmt::format("{} {} {}", hook, event, meet(id)));
}

bool Trace::print_destroy(std::string_view hook, AsyncId id) {
  if (!names_.contains(id) || !(prints_collected_ || destroyable_.contains(id))) return false;
  print(fmt::format("{} destroy {}", hook, meet(id)));
  return true;
}

std::string Trace::executing() { return meet(execution_async_id()); }
std::string Trace::triggering() { return meet(trigger_async_id()); }

void Trace::name_main() {
  names_[execution_async_id()] = "main";
  names_[trigger_async_id()] = "boot";
}

void Trace::note_executing() {
  const ResourceInfo resource = execution_async_resource();
  note_type(resource.async_id, resource.type);
}

std::string Trace::meet(AsyncId id) {
  const auto [entry, is_new] = names_.try_emplace(id);
  if (is_new) entry->second = fmt::format("#{}", next_number_++);
  return entry->second;
}

void Trace::note_type(AsyncId id, std::string_view type) {
  const bool is_collected =
      type == resource_types::promise.name || type == resource_types::bound_function.name;
  if (!is_collected) note_destroyable(id);
}

}  // namespace contrail::conformance
