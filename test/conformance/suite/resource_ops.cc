#include <fmt/core.h>

#include "contrail/execution.h"
#include "test/conformance/suite/interpreter.h"

// AsyncResource and bound functions.

namespace contrail::conformance {

void Interpreter::resource(const Op& op) {
  AsyncResource resource(op.text, op.options);
  trace_.print_resource(op.name, resource.async_id(), resource.trigger_async_id());
  resources_.define(op.name, std::move(resource));
}

void Interpreter::scope(const Op& op) {
  if (auto* resource = look_up(resources_, op.source)) {
    resource->run_in_async_scope(performing(op.ops));
  }
}

void Interpreter::emit_destroy(const Op& op) {
  auto* resource = look_up(resources_, op.source);
  if (!resource) return;
  trace_.note_destroyable(resource->async_id());
  resource->emit_destroy();
}

void Interpreter::bind_resource(const Op& op) {
  if (auto* resource = look_up(resources_, op.source)) {
    functions_.define(op.name, resource->bind(performing(op.ops)));
  }
}

void Interpreter::bind(const Op& op) {
  functions_.define(op.name,
                    AsyncResource::bind(performing(op.ops), resource_types::bound_function));
}

void Interpreter::bind_typed(const Op& op) {
  functions_.define(op.name, AsyncResource::bind(performing(op.ops), op.text));
}

void Interpreter::call(const Op& op) {
  if (auto* function = look_up(functions_, op.source)) (*function)();
}

void Interpreter::executing(const Op& op) {
  const AsyncId id = id_of(op.text, op.source);
  if (id == no_async_id) return;
  const bool is_it = execution_async_resource().async_id == id;
  trace_.print(fmt::format("executing {} {}", op.source, is_it));
}

/// No id: the name is missing, which has been printed.
AsyncId Interpreter::id_of(const std::string& kind, const std::string& name) {
  if (kind == "timer") {
    if (Timer* timer = look_up(timers_, name)) return id_of(*timer);
  } else if (kind == "promise") {
    // One that has no id never executes: nothing does as the promise that it is.
    if (auto* promise = look_up(promises_, name)) {
      return promise->async_id() == no_async_id ? unassigned_async_id : promise->async_id();
    }
  } else if (auto* resource = look_up(resources_, name)) {
    return resource->async_id();
  }
  return no_async_id;
}

}  // namespace contrail::conformance
