// The context frame seen from its two promises: it shows what was bound, and keeps alive exactly
// that. Small cases by hand, many at random against a model.

#include "contrail/detail/context_frame.h"

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "contrail/async_local_storage.h"
#include "loop_test.h"

namespace contrail {
namespace {

using async_context::Snapshot;
using async_context::Variable;

static_assert(sizeof(detail::ContextFrame) <= 128);

/// How many frames hang together, from the current one upwards.
int chain_length() {
  int length = 0;
  for (const auto* frame = detail::hot.frame; frame; frame = frame->parent) ++length;
  return length;
}

class ContextFrames : public LoopTest {
 protected:
  Variable<int> a, b, c;
};

TEST_F(ContextFrames, are_not_made_before_a_variable_is_set) {
  EXPECT_EQ(a.get(), nullptr);
  EXPECT_EQ(detail::hot.frame, nullptr);
}

TEST_F(ContextFrames, link_to_the_one_they_add_a_variable_to) {
  a.run(1, [&] {
    const auto* outer = detail::hot.frame;
    b.run(2, [&] { EXPECT_EQ(detail::hot.frame->parent, outer); });
  });
}

TEST_F(ContextFrames, that_set_a_variable_anew_link_past_the_one_that_added_it) {
  a.run(1, [&] {
    const auto* outer = detail::hot.frame;
    b.run(2, [&] { b.run(3, [&] { EXPECT_EQ(detail::hot.frame->parent, outer); }); });
  });
}

TEST_F(ContextFrames, that_set_an_older_variable_anew_own_all_and_link_to_none) {
  a.run(1, [&] {
    b.run(2, [&] {
      a.run(3, [&] {
        EXPECT_EQ(detail::hot.frame->parent, nullptr);
        EXPECT_EQ(detail::hot.frame->owned, detail::hot.frame->bound);
      });
    });
  });
}

TEST_F(ContextFrames, hang_together_no_longer_than_there_are_variables) {
  std::mt19937 random(1);
  std::array variables{&a, &b, &c};
  int longest = 0;
  auto descend = [&](auto& self, int depth) -> void {
    longest = std::max(longest, chain_length());
    if (depth == 0) return;
    variables[random() % 3]->run(depth, [&] { self(self, depth - 1); });
  };
  descend(descend, 300);
  EXPECT_GE(longest, 2);
  EXPECT_LE(longest, 3);
}

TEST_F(ContextFrames, are_found_in_the_overflow_beyond_eight_variables) {
  std::deque<Variable<int>> many(8 + 256 + 10);
  many.back().run(42, [&] {
    EXPECT_NE(detail::hot.frame->overflow, nullptr);
    EXPECT_EQ(*many.back().get(), 42);
    EXPECT_EQ(many[many.size() - 2].get(), nullptr);
  });
}

TEST_F(ContextFrames, leave_an_empty_one_after_the_first_run_of_a_storage) {
  AsyncLocalStorage<int> storage;
  storage.run(1, [] {});
  ASSERT_NE(detail::hot.frame, nullptr);
  EXPECT_EQ(detail::hot.frame->bound, 0);
}

TEST_F(ContextFrames, leave_the_outer_one_after_the_run_of_a_variable) {
  a.run(1, [&] {
    const auto* outer = detail::hot.frame;
    b.run(2, [] {});
    EXPECT_EQ(detail::hot.frame, outer);
  });
}

// --- Random operations against a model.

/// A value that is counted.
struct Counted {
  Counted(int my_id, std::multiset<int>& alive) : id(my_id), all(&alive) { all->insert(id); }
  Counted(Counted&& other) noexcept : id(other.id), all(std::exchange(other.all, nullptr)) {}
  ~Counted() {
    if (all) all->erase(id);
  }
  int id;
  std::multiset<int>* all;
};

class FrameModel {
 public:
  static constexpr std::size_t variables = 14;

  FrameModel(unsigned seed, bool disables) : random_(seed), disables_(disables) {
    for (auto& storage : storages_) storage = std::make_unique<Storage>();
    frames_.push_back({Snapshot(), {}});
  }

  void step() {
    const std::size_t at = pick(frames_.size());
    const std::size_t variable = pick(variables);
    switch (pick(disables_ ? 9 : 8)) {
      case 0:
      case 1:
      case 2:
      case 3: return bind(at, variable);
      case 4: return hide(at, variable);
      case 5: return unbind(at, variable);
      case 6: return forget(at);
      case 7: return replace(variable);
      default: return disable(at, variable);
    }
  }
  void check_values() {
    for (const Frame& frame : frames_) {
      frame.snapshot.run([&] {
        for (std::size_t i = 0; i < variables; ++i) {
          const Counted* store = storages_[i]->get_store();
          ASSERT_EQ(store ? store->id : nothing, visible(frame, i));
        }
      });
    }
  }
  std::set<int> expected_alive() const {
    std::set<int> ids;
    for (const Frame& frame : frames_) {
      for (const auto& entry : frame.entries) {
        if (entry && entry->id != nothing) ids.insert(entry->id);
      }
    }
    return ids;
  }
  std::set<int> alive() const { return {alive_.begin(), alive_.end()}; }
  void forget_all() { frames_.clear(); }

 private:
  static constexpr int nothing = -1;
  using Storage = AsyncLocalStorage<Counted>;
  struct Entry {
    int generation;
    int id;
  };
  struct Frame {
    Snapshot snapshot;
    std::array<std::optional<Entry>, variables> entries;
  };

  std::size_t pick(std::size_t below) { return random_() % below; }
  int visible(const Frame& frame, std::size_t i) const {
    const auto& entry = frame.entries[i];
    return entry && entry->generation == generations_[i] ? entry->id : nothing;
  }
  /// A frame derived from another by what enter() does to the context.
  template <class F>
  void derive(std::size_t at, std::size_t variable, std::optional<Entry> entry, F enter) {
    auto snapshot = frames_[at].snapshot.run([&] {
      enter(*storages_[variable]);
      return Snapshot();
    });
    Frame derived{snapshot, frames_[at].entries};
    derived.entries[variable] = entry;
    frames_.push_back(std::move(derived));
  }
  void bind(std::size_t at, std::size_t variable) {
    const int id = next_id_++;
    derive(at, variable, Entry{generations_[variable], id},
           [&](Storage& storage) { storage.enter_with(Counted(id, alive_)); });
  }
  void hide(std::size_t at, std::size_t variable) {
    derive(at, variable, Entry{generations_[variable], nothing},
           [](Storage& storage) { storage.enter_with_nothing(); });
  }
  void unbind(std::size_t at, std::size_t variable) {
    if (visible(frames_[at], variable) != nothing) return;
    if (frames_[at].entries[variable]) return;
    derive(at, variable, std::nullopt,
           [&](Storage& storage) { storage.with_scope(Counted(next_id_++, alive_)).dispose(); });
  }
  void forget(std::size_t at) {
    if (frames_.size() < 20) return;
    std::swap(frames_[at], frames_.back());
    frames_.pop_back();
  }
  /// The variable dies; the one made in its place gets its slot.
  void replace(std::size_t variable) {
    storages_[variable].reset();
    storages_[variable] = std::make_unique<Storage>();
    ++generations_[variable];
  }
  void disable(std::size_t at, std::size_t variable) {
    Frame& frame = frames_[at];
    frame.snapshot.run([&] { storages_[variable]->disable(); });
    if (frame.entries[variable] && frame.entries[variable]->generation == generations_[variable]) {
      frame.entries[variable].reset();
    }
  }

  std::mt19937 random_;
  bool disables_;
  int next_id_ = 0;
  std::multiset<int> alive_;
  std::array<std::unique_ptr<Storage>, variables> storages_;
  std::array<int, variables> generations_{};
  std::vector<Frame> frames_;
};

class RandomFrames : public LoopTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(RandomFrames, show_what_was_bound_and_keep_exactly_that) {
  FrameModel model(GetParam(), false);
  for (int i = 0; i < 2000; ++i) {
    model.step();
    if (i % 50 != 0) continue;
    model.check_values();
    ASSERT_EQ(model.alive(), model.expected_alive()) << "after step " << i;
  }
}

TEST_P(RandomFrames, show_what_was_bound_however_often_variables_are_disabled) {
  FrameModel model(GetParam(), true);
  for (int i = 0; i < 2000; ++i) {
    model.step();
    if (i % 50 != 0) continue;
    model.check_values();
    ASSERT_EQ(model.alive(), model.expected_alive()) << "after step " << i;
  }
}

TEST_P(RandomFrames, keep_nothing_once_they_are_gone) {
  FrameModel model(GetParam(), true);
  for (int i = 0; i < 2000; ++i) model.step();
  model.forget_all();
  EXPECT_TRUE(model.alive().empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFrames, ::testing::Range(0u, 10u));

// --- disable() keeps a value only as long as needed.

TEST_F(ContextFrames, keep_a_disabled_value_only_for_those_who_derived_before) {
  AsyncLocalStorage<std::shared_ptr<int>> storage;
  std::optional<Snapshot> before, after;
  std::weak_ptr<int> watch;
  auto value = std::make_shared<int>(1);
  watch = value;
  auto derive = [&] {
    a.run(1, [&] { before.emplace(); });
    storage.disable();
    a.run(2, [&] { after.emplace(); });
    EXPECT_FALSE(watch.expired());
  };
  b.run(3, [&] { storage.run(std::move(value), derive); });
  before->run([&] { EXPECT_FALSE(watch.expired()); });
  before.reset();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace contrail
