#include "test/conformance/suite/interpreter.h"

#include <fmt/core.h>

namespace contrail::conformance {

const std::unordered_map<std::string, Interpreter::Operation>& Interpreter::operations() {
  using I = Interpreter;
  static const std::unordered_map<std::string, Operation> table = {
      {"log", &I::log},
      {"mark", &I::mark},
      {"throw", &I::throw_error},
      {"try", &I::try_ops},
      // Where something waits for them, perform_reaction() and perform_async() know these two.
      {"await", &I::ignore},
      {"return", &I::ignore},
      {"run", &I::run},
      {"exit", &I::exit},
      {"enterWith", &I::enter_with},
      {"disable", &I::disable},
      {"alsBind", &I::als_bind},
      {"snapshot", &I::snapshot},
      {"inSnapshot", &I::in_snapshot},
      {"timeout", &I::timeout},
      {"interval", &I::interval},
      {"immediate", &I::immediate},
      {"nextTick", &I::tick},
      {"microtask", &I::microtask},
      {"clear", &I::clear},
      {"refresh", &I::refresh},
      {"unref", &I::unref},
      {"promise", &I::promise},
      {"resolve", &I::resolve},
      {"reject", &I::reject},
      {"resolved", &I::resolved},
      {"rejected", &I::rejected},
      {"then", &I::then},
      {"then2", &I::then_or},
      {"catch", &I::catch_error},
      {"finally", &I::finally},
      {"all", &I::combine},
      {"race", &I::combine},
      {"any", &I::combine},
      {"allSettled", &I::combine},
      {"async", &I::async},
      {"resource", &I::resource},
      {"scope", &I::scope},
      {"emitDestroy", &I::emit_destroy},
      {"bindResource", &I::bind_resource},
      {"bind", &I::bind},
      {"call", &I::call},
      {"enable", &I::enable},
      {"disableHook", &I::disable_hook},
  };
  return table;
}

Interpreter::Interpreter(const Scenario& scenario, Trace& trace)
    : scenario_(scenario), trace_(trace) {
  for (const std::string& name : scenario.storages) {
    storages_.define(name, std::make_unique<Storage>());
  }
  for (const HookDeclaration& hook : scenario.hooks) {
    hooks_.define(hook.name, AsyncHook(callbacks_of(hook)));
  }
}

HookCallbacks Interpreter::callbacks_of(const HookDeclaration& hook) {
  HookCallbacks callbacks;
  if (hook.wants("init")) {
    callbacks.init = [this, &hook](const ResourceInfo& resource) {
      trace_.print_init(hook.name, resource);
      perform(hook.on_init);
    };
  }
  auto printing = [this, &hook](const char* event) {
    return [this, &hook, event](AsyncId id) { trace_.print_event(hook.name, event, id); };
  };
  if (hook.wants("before")) callbacks.before = printing("before");
  if (hook.wants("after")) callbacks.after = printing("after");
  if (hook.wants("promiseResolve")) callbacks.promise_resolve = printing("resolve");
  if (hook.wants("destroy")) {
    callbacks.destroy = [this, &hook](AsyncId id) { trace_.print_destroy(hook.name, id); };
  }
  return callbacks;
}

void Interpreter::perform(const Ops& ops) {
  trace_.note_executing();
  for (const Op& op : ops) perform_one(op);
}

void Interpreter::perform_one(const Op& op) { (this->*operations().at(op.verb))(op); }

Outcome Interpreter::perform_reaction(const Ops& ops) {
  for (const Op& op : ops) {
    if (op.verb == "return") return outcome_of(op.value);
    perform_one(op);
  }
  return Value();
}

Promise<Value> Interpreter::perform_async(const Ops* ops) {
  for (const Op& op : *ops) {
    if (op.verb == "return") {
      Outcome outcome = outcome_of(op.value);
      if (auto* promise = std::get_if<Promise<Value>>(&outcome)) co_return *promise;
      co_return std::get<Value>(outcome);
    }
    if (op.verb != "await") {
      perform_one(op);
      continue;
    }
    if (!is_known(op.value)) continue;
    Outcome operand = outcome_of(op.value);
    try {
      Value value;
      if (auto* promise = std::get_if<Promise<Value>>(&operand)) {
        // Given away: a coroutine that held a reference to its own promise would own itself.
        value = co_await std::move(*promise);
      } else {
        value = co_await std::get<Value>(operand);
      }
      trace_.print("awaited " + value.text());
    } catch (const std::exception& error) {
      trace_.print(fmt::format("await-threw {}", error.what()));
    }
  }
  co_return Value();
}

bool Interpreter::is_known(const Operand& operand) {
  return !operand.promise || look_up(promises_, *operand.promise);
}

Outcome Interpreter::outcome_of(const Operand& operand) {
  if (operand.integer) return Value(*operand.integer);
  if (!operand.promise) return Value();
  Promise<Value>* promise = look_up(promises_, *operand.promise);
  if (!promise) return Value();
  return *promise;
}

void Interpreter::print_uncaught(std::exception_ptr error, ExceptionOrigin origin) {
  trace_.note_executing();
  const bool is_rejection = origin == ExceptionOrigin::unhandled_rejection;
  trace_.print(fmt::format("uncaught {} origin={} exec={}{}", message_of(std::move(error)),
                           is_rejection ? "unhandledRejection" : "uncaughtException",
                           trace_.executing(), stores()));
}

std::string Interpreter::stores() {
  std::string text;
  for (const std::string& name : scenario_.storages) {
    const long long* store = (*storages_.find(name))->get_store();
    text += fmt::format(" {}={}", name, store ? std::to_string(*store) : "-");
  }
  return text;
}

void Interpreter::log(const Op& op) {
  trace_.note_executing();
  const std::string execution = trace_.executing();
  const std::string trigger = trace_.triggering();
  trace_.print(fmt::format("log {} exec={} trigger={}{}", op.text, execution, trigger, stores()));
}

void Interpreter::mark(const Op& op) { trace_.print("mark " + op.text); }

void Interpreter::throw_error(const Op& op) { throw ScenarioError(op.text); }

void Interpreter::try_ops(const Op& op) {
  try {
    perform(op.ops);
  } catch (const std::exception& error) {
    trace_.print(fmt::format("caught {}", error.what()));
  }
}

}  // namespace contrail::conformance
