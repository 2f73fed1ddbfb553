#include <algorithm>

#include "contrail/promise_combinators.h"
#include "test/conformance/suite/interpreter.h"

namespace contrail::conformance {

/// The names go by the order of the definitions: what is made inside the op comes first.
void Interpreter::define_promise(const std::string& name, Promise<Value> promise) {
  promises_.define(name, std::move(promise));
  resolvers_.forget(name);
}

void Interpreter::promise(const Op& op) {
  Resolver<Value>* kept = nullptr;
  auto executor = [&](Resolver<Value> resolver) {
    kept = &resolvers_.define(op.name, std::move(resolver));
    perform(op.ops);
  };
  promises_.define(op.name, Promise<Value>(executor));
  resolvers_.point(op.name, *kept);
}

bool Interpreter::is_promise_known(const std::string& name) {
  return resolvers_.find(name) || look_up(promises_, name);
}

void Interpreter::resolve(const Op& op) {
  if (!is_promise_known(op.source) || !is_known(op.value)) return;
  Resolver<Value>* resolver = resolvers_.find(op.source);
  if (!resolver) return;
  std::visit([&](const auto& outcome) { resolver->resolve(outcome); }, outcome_of(op.value));
}

void Interpreter::reject(const Op& op) {
  if (!is_promise_known(op.source)) return;
  if (auto* resolver = resolvers_.find(op.source)) resolver->reject(ScenarioError(op.text));
}

void Interpreter::resolved(const Op& op) {
  if (!is_known(op.value)) return;
  auto resolve = [](auto&& outcome) { return Promise<Value>::resolve(std::move(outcome)); };
  define_promise(op.name, std::visit(resolve, outcome_of(op.value)));
}

void Interpreter::rejected(const Op& op) {
  define_promise(op.name, Promise<Value>::reject(ScenarioError(op.text)));
}

auto Interpreter::on_value(const Ops& ops) {
  return [this, &ops](const Value& value) -> Outcome {
    trace_.print("value " + value.text());
    trace_.note_executing();
    return perform_reaction(ops);
  };
}

auto Interpreter::on_error(const Ops& ops) {
  return [this, &ops](std::exception_ptr error) -> Outcome {
    trace_.print("error " + message_of(std::move(error)));
    trace_.note_executing();
    return perform_reaction(ops);
  };
}

void Interpreter::then(const Op& op) {
  if (auto* source = look_up(promises_, op.source)) {
    define_promise(op.name, source->then(on_value(op.ops)));
  }
}

void Interpreter::then_or(const Op& op) {
  if (auto* source = look_up(promises_, op.source)) {
    define_promise(op.name, source->then(on_value(op.ops), on_error(op.error_ops)));
  }
}

void Interpreter::catch_error(const Op& op) {
  if (auto* source = look_up(promises_, op.source)) {
    define_promise(op.name, source->catch_error(on_error(op.error_ops)));
  }
}

void Interpreter::finally(const Op& op) {
  auto* source = look_up(promises_, op.source);
  if (!source) return;
  auto reaction = [this, &op] { return perform_reaction(op.ops); };
  define_promise(op.name, source->finally(reaction));
}

void Interpreter::combine(const Op& op) {
  std::vector<Promise<Value>> sources;
  for (const std::string& name : op.sources) {
    auto* source = look_up(promises_, name);
    if (!source) return;
    sources.push_back(*source);
  }
  define_promise(op.name, [&] {
    if (op.verb == "all") return contrail::all<Value, Value>(std::move(sources));
    if (op.verb == "allSettled") return contrail::all_settled<Value, Value>(std::move(sources));
    if (op.verb == "any") return contrail::any(std::move(sources));
    return contrail::race(std::move(sources));
  }());
}

void Interpreter::async(const Op& op) { define_promise(op.name, perform_async(&op.ops)); }

}  // namespace contrail::conformance
