// Emitters when memory is short.

#include "contrail/event_emitter.h"

#include "failing_new.h"
#include "loop_test.h"

namespace contrail {
namespace {

class EmittersWithoutMemory : public LoopTest {};

TEST_F(EmittersWithoutMemory, emit_all_the_same) {
  EventEmitterAsyncResource<Event<"moved", int, int>> emitter("Mouse");
  int calls = 0;
  emitter.on<"moved">([&](int, int) { ++calls; });
  emitter.once<"moved">([&](int, int) { ++calls; });
  fail_allocation_after(0);
  emitter.emit<"moved">(1, 2);
  emitter.emit<"moved">(3, 4);
  EXPECT_FALSE(allocation_has_failed());
  stop_failing();
  EXPECT_EQ(calls, 3);
}

TEST_F(EmittersWithoutMemory, are_as_before_when_a_listener_cannot_be_added) {
  EventEmitter<Event<"end">> emitter;
  with_each_allocation_failing(
      [&] {
        const Listener listener = emitter.on<"end">([] {});
        emitter.off(listener);
      },
      [&](bool) { EXPECT_FALSE(emitter.emit<"end">()); });
}

}  // namespace
}  // namespace contrail
