// Contexts when memory is short. LeakSanitizer sees what is lost.

#include <memory>
#include <vector>

#include "contrail/async_context.h"
#include "contrail/async_local_storage.h"
#include "failing_new.h"
#include "loop_test.h"

namespace contrail {
namespace {

class ContextsWithoutMemory : public LoopTest {
 protected:
  using Storage = AsyncLocalStorage<int>;
  static constexpr int count = 40;  // More than have slots, and than one level of the overflow.

  ContextsWithoutMemory() {
    close_ledger();
    for (int i = 0; i < count; ++i) storages.push_back(std::make_unique<Storage>());
  }
  Storage& at(int i) { return *storages[static_cast<std::size_t>(i)]; }
  bool has_any_store() {
    for (auto& storage : storages) {
      if (storage->get_store()) return true;
    }
    return false;
  }
  void run_all(int i = 0) {
    if (i < count) at(i).run(i, [&] { run_all(i + 1); });
  }

  std::vector<std::unique_ptr<Storage>> storages;
};

TEST_F(ContextsWithoutMemory, that_run_could_not_enter_are_not_entered) {
  with_each_allocation_failing([&] { run_all(); }, [&](bool) { EXPECT_FALSE(has_any_store()); });
}

TEST_F(ContextsWithoutMemory, that_cannot_be_entered_keep_what_they_were) {
  for (int i = 0; i < count; ++i) at(i).enter_with(i);
  for (int i = 0; i < count; ++i) {
    with_each_allocation_failing(
        [&] { at(i).enter_with(-1); },
        [&](bool failed) { EXPECT_EQ(*at(i).get_store(), failed ? i : -1); });
  }
}

TEST_F(ContextsWithoutMemory, are_disabled_or_stay_as_they_are) {
  for (int i = 0; i < count; ++i) at(i).enter_with(i);
  const async_context::Snapshot snapshot;
  at(0).enter_with(0);
  snapshot.run([&] {
    for (int i = 0; i < count; ++i) {
      with_each_allocation_failing(
          [&] { at(i).disable(); },
          [&](bool failed) { EXPECT_EQ(at(i).get_store() != nullptr, failed) << i; });
    }
  });
}

TEST_F(ContextsWithoutMemory, of_a_run_before_may_be_captured_or_not) {
  at(0).enter_with(1);
  const async_context::Snapshot before;
  with_each_allocation_failing(
      [&] {
        at(9).run(2, [] {});
        const async_context::Snapshot after;
        before.run([&] { at(0).run(3, [] {}); });
      },
      [&](bool) { EXPECT_EQ(*at(0).get_store(), 1); });
}

}  // namespace
}  // namespace contrail
