#include "test/conformance/suite/interpreter.h"

// Ops on AsyncLocalStorage.

namespace contrail::conformance {

void Interpreter::declare_storage(const StorageDeclaration& declaration) {
  const Storage::Options options{.name = declaration.name};
  storages_.define(declaration.name,
                   declaration.default_value
                       ? std::make_unique<Storage>(options, *declaration.default_value)
                       : std::make_unique<Storage>(options));
}

void Interpreter::run(const Op& op) {
  if (auto* storage = look_up(storages_, op.source)) {
    (*storage)->run(op.value.integer.value(), performing(op.ops));
  }
}

void Interpreter::exit(const Op& op) {
  if (auto* storage = look_up(storages_, op.source)) (*storage)->exit(performing(op.ops));
}

void Interpreter::enter_with(const Op& op) {
  auto* storage = look_up(storages_, op.source);
  if (!storage) return;
  if (op.value.integer) {
    (*storage)->enter_with(*op.value.integer);
  } else {
    (*storage)->enter_with_nothing();
  }
}

void Interpreter::disable(const Op& op) {
  if (auto* storage = look_up(storages_, op.source)) (*storage)->disable();
}

void Interpreter::with_scope(const Op& op) {
  auto* storage = look_up(storages_, op.source);
  if (!storage) return;
  const StorageScope scope = (*storage)->with_scope(op.value.integer.value());
  perform(op.ops);
}

void Interpreter::open_scope(const Op& op) {
  if (auto* storage = look_up(storages_, op.source)) {
    scopes_.define(op.name, (*storage)->with_scope(op.value.integer.value()));
  }
}

void Interpreter::close_scope(const Op& op) {
  if (auto* scope = look_up(scopes_, op.source)) scope->dispose();
}

void Interpreter::als_bind(const Op& op) {
  functions_.define(op.name, Storage::bind(performing(op.ops)));
}

void Interpreter::snapshot(const Op& op) { snapshots_.define(op.name, Storage::snapshot()); }

void Interpreter::in_snapshot(const Op& op) {
  if (auto* snapshot = look_up(snapshots_, op.source)) snapshot->run(performing(op.ops));
}

}  // namespace contrail::conformance
