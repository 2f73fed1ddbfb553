#include <fmt/core.h>

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
  trace_.note_destroyable(id_of(timer));
  timers_.define(op.name, std::move(timer));
}

AsyncId Interpreter::id_of(const Timer& timer) {
  return std::visit([](const auto& ticket) { return ticket.async_id(); }, timer);
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

void Interpreter::ref(const Op& op) {
  if (Timer* timer = look_up(timers_, op.source)) {
    std::visit([](auto& ticket) { ticket.ref(); }, *timer);
  }
}

void Interpreter::unref(const Op& op) {
  if (Timer* timer = look_up(timers_, op.source)) {
    std::visit([](auto& ticket) { ticket.unref(); }, *timer);
  }
}

void Interpreter::has_ref(const Op& op) {
  Timer* timer = look_up(timers_, op.source);
  if (!timer) return;
  const bool has_ref = std::visit([](const auto& ticket) { return ticket.has_ref(); }, *timer);
  trace_.print(fmt::format("hasRef {} {}", op.source, has_ref));
}

void Interpreter::timer_id(const Op& op) {
  if (Timer* timer = look_up(timers_, op.source)) trace_.print_id(op.source, id_of(*timer));
}

}  // namespace contrail::conformance
