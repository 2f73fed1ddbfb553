#include "test/conformance/suite/interpreter.h"

// AsyncResource, bound functions and hooks.

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

void Interpreter::call(const Op& op) {
  if (auto* function = look_up(functions_, op.source)) (*function)();
}

void Interpreter::enable(const Op& op) {
  if (auto* hook = look_up(hooks_, op.source)) hook->enable();
}

void Interpreter::disable_hook(const Op& op) {
  if (auto* hook = look_up(hooks_, op.source)) hook->disable();
}

}  // namespace contrail::conformance
