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
      {"repeat", &I::repeat},
      // Where something waits for them, perform_reaction() and perform_async() know these two.
      {"await", &I::ignore},
      {"return", &I::ignore},
      {"run", &I::run},
      {"exit", &I::exit},
      {"enterWith", &I::enter_with},
      {"disable", &I::disable},
      {"withScope", &I::with_scope},
      {"openScope", &I::open_scope},
      {"closeScope", &I::close_scope},
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
      {"ref", &I::ref},
      {"unref", &I::unref},
      {"hasRef", &I::has_ref},
      {"timerId", &I::timer_id},
      {"promise", &I::promise},
      {"thenable", &I::thenable},
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
      {"bindTyped", &I::bind_typed},
      {"call", &I::call},
      {"executing", &I::executing},
      {"enable", &I::enable},
      {"disableHook", &I::disable_hook},
  };
  return table;
}

Interpreter::Interpreter(const Scenario& scenario, Trace& trace)
    : scenario_(scenario), trace_(trace) {
  for (const StorageDeclaration& storage : scenario.storages) declare_storage(storage);
  for (const HookDeclaration& hook : scenario.hooks) {
    hooks_.define(hook.name, AsyncHook(callbacks_of(hook)));
  }
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
      if (auto* thenable = std::get_if<Foreign>(&outcome)) co_return *thenable;
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
      } else if (auto* thenable = std::get_if<Foreign>(&operand)) {
        value = co_await *thenable;
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
  if (operand.thenable) return look_up(thenables_, *operand.thenable);
  return !operand.promise || look_up(promises_, *operand.promise);
}

Outcome Interpreter::outcome_of(const Operand& operand) {
  if (operand.integer) return Value(*operand.integer);
  if (operand.thenable) {
    if (Foreign* thenable = look_up(thenables_, *operand.thenable)) return *thenable;
    return Value();
  }
  if (!operand.promise) return Value();
  Promise<Value>* promise = look_up(promises_, *operand.promise);
  if (!promise) return Value();
  return *promise;
}

void Interpreter::on_uncaught(std::exception_ptr error, ExceptionOrigin origin) {
  trace_.note_executing();
  const bool is_rejection = origin == ExceptionOrigin::unhandled_rejection;
  trace_.print(fmt::format("uncaught {} origin={} exec={}{}", message_of(std::move(error)),
                           is_rejection ? "unhandledRejection" : "uncaughtException",
                           trace_.executing(), stores()));
  if (++uncaught_ == 1) perform(scenario_.on_uncaught);
}

void Interpreter::on_unhandled(std::exception_ptr error) {
  trace_.note_executing();
  trace_.print(fmt::format("unhandled {} exec={}{}", message_of(std::move(error)),
                           trace_.executing(), stores()));
  perform(*scenario_.on_unhandled);
}

std::string Interpreter::stores() {
  std::string text;
  for (const StorageDeclaration& storage : scenario_.storages) {
    const long long* store = (*storages_.find(storage.name))->get_store();
    text += fmt::format(" {}={}", storage.name, store ? std::to_string(*store) : "-");
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

void Interpreter::repeat(const Op& op) {
  for (long long i = 0; i < op.count; ++i) perform(op.ops);
}

}  // namespace contrail::conformance
