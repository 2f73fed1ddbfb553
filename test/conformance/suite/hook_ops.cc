#include "test/conformance/suite/interpreter.h"

// Hooks: what they print and perform, and the ops on them.

namespace contrail::conformance {

HookCallbacks Interpreter::callbacks_of(const HookDeclaration& hook) {
  // The ops of one callback, in as many calls as the hook says.
  auto performer = [this, &hook](const Ops& ops) {
    return [this, &hook, &ops, calls = 0LL]() mutable {
      if (!hook.times || calls++ < *hook.times) perform(ops);
    };
  };
  auto printer = [this, &hook, performer](const char* event, const Ops& ops) {
    return [this, &hook, event, perform_ops = performer(ops)](AsyncId id) mutable {
      trace_.print_event(hook.name, event, id);
      perform_ops();
    };
  };
  HookCallbacks callbacks;
  callbacks.track_promises = hook.track_promises;
  if (hook.wants("init")) {
    callbacks.init = [this, &hook,
                      perform_ops = performer(hook.on_init)](const ResourceInfo& resource) mutable {
      trace_.print_init(hook.name, resource);
      perform_ops();
    };
  }
  if (hook.wants("before")) callbacks.before = printer("before", hook.on_before);
  if (hook.wants("after")) callbacks.after = printer("after", hook.on_after);
  if (hook.wants("promiseResolve")) {
    callbacks.promise_resolve = printer("resolve", hook.on_resolve);
  }
  if (hook.wants("destroy")) {
    callbacks.destroy = [this, &hook,
                         perform_ops = performer(hook.on_destroy)](AsyncId id) mutable {
      if (trace_.print_destroy(hook.name, id)) perform_ops();
    };
  }
  return callbacks;
}

void Interpreter::enable(const Op& op) {
  if (auto* hook = look_up(hooks_, op.source)) hook->enable();
}

void Interpreter::disable_hook(const Op& op) {
  if (auto* hook = look_up(hooks_, op.source)) hook->disable();
}

}  // namespace contrail::conformance
