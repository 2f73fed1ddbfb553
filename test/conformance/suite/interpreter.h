#pragma once

#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>

#include "contrail/async_hook.h"
#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "test/conformance/suite/named.h"
#include "test/conformance/suite/outcome.h"
#include "test/conformance/suite/scenario.h"
#include "test/conformance/suite/trace.h"
#include "test/conformance/suite/value.h"

namespace contrail::conformance {

/// Performs the ops of a scenario. Whatever they make lives as long as the interpreter: until the
/// trace has been printed.
class Interpreter {
 public:
  Interpreter(const Scenario& scenario, Trace& trace);
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// The ops must outlive the Loop: callbacks refer to them.
  void perform(const Ops& ops);
  /// What the Loop's handlers do.
  void on_uncaught(std::exception_ptr error, ExceptionOrigin origin);
  void on_unhandled(std::exception_ptr error);
  /// What the then() of a thenable does.
  void perform_then(const Op& op, Resolver<Value> resolver);

 private:
  using Storage = AsyncLocalStorage<long long>;
  using Timer = std::variant<Timeout, Immediate>;
  using Operation = void (Interpreter::*)(const Op&);
  static const std::unordered_map<std::string, Operation>& operations();

  void perform_one(const Op& op);
  /// Ops whose result a promise takes, so that `return` counts.
  Outcome perform_reaction(const Ops& ops);
  Promise<Value> perform_async(const Ops* ops);

  void declare_storage(const StorageDeclaration& declaration);
  HookCallbacks callbacks_of(const HookDeclaration& hook);
  std::string stores();
  /// Looks a name up, and prints it if it is missing.
  template <class T>
  T* look_up(Named<T>& things, const std::string& name) {
    T* thing = things.find(name);
    if (!thing) trace_.print_missing(name);
    return thing;
  }
  bool is_known(const Operand& operand);
  Outcome outcome_of(const Operand& operand);
  /// A function that performs the ops.
  auto performing(const Ops& ops) {
    return [this, &ops] { perform(ops); };
  }

  // Printing and errors.
  void log(const Op& op);
  void mark(const Op& op);
  void throw_error(const Op& op);
  void try_ops(const Op& op);
  void repeat(const Op& op);
  void ignore(const Op&) {}

  // Contexts: context_ops.cc.
  void run(const Op& op);
  void exit(const Op& op);
  void enter_with(const Op& op);
  void disable(const Op& op);
  void with_scope(const Op& op);
  void open_scope(const Op& op);
  void close_scope(const Op& op);
  void als_bind(const Op& op);
  void snapshot(const Op& op);
  void in_snapshot(const Op& op);

  // Tasks: task_ops.cc.
  void timeout(const Op& op);
  void interval(const Op& op);
  void immediate(const Op& op);
  void tick(const Op& op);
  void microtask(const Op& op);
  void clear(const Op& op);
  void refresh(const Op& op);
  void ref(const Op& op);
  void unref(const Op& op);
  void has_ref(const Op& op);
  void timer_id(const Op& op);
  void define_timer(const Op& op, Timer timer);
  static AsyncId id_of(const Timer& timer);

  // Promises: promise_ops.cc.
  void promise(const Op& op);
  void thenable(const Op& op);  // thenable_ops.cc
  void resolve(const Op& op);
  void reject(const Op& op);
  void resolved(const Op& op);
  void rejected(const Op& op);
  void then(const Op& op);
  void then_or(const Op& op);
  void catch_error(const Op& op);
  void finally(const Op& op);
  void combine(const Op& op);
  void async(const Op& op);
  auto on_value(const Ops& ops);
  auto on_error(const Ops& ops);
  void define_promise(const std::string& name, Promise<Value> promise);
  bool is_promise_known(const std::string& name);

  // Resources: resource_ops.cc.
  void resource(const Op& op);
  void scope(const Op& op);
  void emit_destroy(const Op& op);
  void bind_resource(const Op& op);
  void bind(const Op& op);
  void bind_typed(const Op& op);
  void call(const Op& op);
  void executing(const Op& op);
  AsyncId id_of(const std::string& kind, const std::string& name);

  // Hooks: hook_ops.cc.
  void enable(const Op& op);
  void disable_hook(const Op& op);

  const Scenario& scenario_;
  Trace& trace_;
  long long uncaught_ = 0;
  Named<std::unique_ptr<Storage>> storages_;
  Named<StorageScope> scopes_;
  Named<AsyncHook> hooks_;
  Named<Timer> timers_;
  Named<Promise<Value>> promises_;
  Named<Resolver<Value>> resolvers_;  ///< Absent for promises that nobody can settle by name.
  Named<Foreign> thenables_;
  Named<AsyncResource> resources_;
  Named<Function<void()>> functions_;
  Named<StorageSnapshot> snapshots_;
};

}  // namespace contrail::conformance
