#include "contrail/microtask.h"
#include "test/conformance/suite/interpreter.h"

// Timers, immediates, ticks and microtasks.

namespace contrail::conformance {

void Interpreter::timeout(const Op& op) {
  define_timer(op, set_timeout(performing(op.ops), op.delay));
}

void Interpreter::interval(const Op& op) {
  Timer& timer = timers_.keep(Timeout());
  auto call = [this, &op, &timer, calls = 0LL]() mutable {
    if (++calls == op.count) std::get<Timeout>(timer).clear();
    perform(op.ops);
  };
  const Timeout ticket = set_interval(std::move(call), op.delay);
  timer = ticket;
  timers_.point(op.name, timer);
  trace_.note_destroyable(ticket.async_id());
}

void Interpreter::immediate(const Op& op) { define_timer(op, set_immediate(performing(op.ops))); }

void Interpreter::define_timer(const Op& op, Timer timer) {
  std::visit([&](auto& ticket) { trace_.note_destroyable(ticket.async_id()); }, timer);
  timers_.define(op.name, std::move(timer));
}

void Interpreter::tick(const Op& op) { next_tick(performing(op.ops)); }

void Interpreter::microtask(const Op& op) { queue_microtask(performing(op.ops)); }

void Interpreter::clear(const Op& op) {
  if (Timer* timer = look_up(timers_, op.source)) {
    std::visit([](auto& ticket) { ticket.clear(); }, *timer);
  }
}

void Interpreter::refresh(const Op& op) {
  Timer* timer = look_up(timers_, op.source);
  if (!timer) return;
  if (auto* timeout = std::get_if<Timeout>(timer)) {
    trace_.note_destroyable(timeout->refresh().async_id());
  }
}

void Interpreter::unref(const Op& op) {
  if (Timer* timer = look_up(timers_, op.source)) {
    std::visit([](auto& ticket) { ticket.unref(); }, *timer);
  }
}

}  // namespace contrail::conformance
