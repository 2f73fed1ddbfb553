// Every way to change the context, nested at random, against a model of what Node does: a context
// is a map; to enter a store makes a new one, and disable() changes the current one in place.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "contrail/async_context.h"
#include "contrail/async_local_storage.h"
#include "contrail/function.h"
#include "loop_test.h"

namespace contrail {
namespace {

class ContextModel {
 public:
  explicit ContextModel(unsigned seed) : random_(seed) {}

  void run(int steps) {
    steps_left_ = steps;
    while (steps_left_ > 0) step();
  }

 private:
  /// More than have slots. nullopt is an entry that holds nothing; a missing one is none.
  static constexpr std::size_t storages = 12;
  static constexpr int deepest = 12;
  static constexpr std::size_t kept_max = 20;
  using Storage = AsyncLocalStorage<int>;
  using Entries = std::map<std::size_t, std::optional<int>>;

  /// A context that was kept, and the way into it.
  struct Kept {
    std::shared_ptr<Entries> entries;
    Function<void(ContextModel&)> enter;
  };
  struct Thrown {};

  std::size_t below(std::size_t limit) { return random_() % limit; }

  void step() {
    --steps_left_;
    const std::size_t chosen = below(storages);
    switch (below(10)) {
      case 0: nest([&] { run_with(chosen); }); break;
      case 1: nest([&] { exit_from(chosen); }); break;
      case 2: nest([&] { with_scope(chosen); }); break;
      case 3: enter(chosen, ++next_store_); break;
      case 4: enter(chosen, std::nullopt); break;
      case 5:
        storages_[chosen].disable();
        current_->erase(chosen);
        break;
      case 6: keep(); break;
      default: nest([&] { enter_kept(); }); break;
    }
    check();
  }

  template <class F>
  void nest(F fn) {
    if (depth_ == deepest) return;
    ++depth_;
    try {
      fn();
    } catch (const Thrown&) {
    }
    --depth_;
  }

  /// What happens inside of whatever was entered.
  void inside() {
    check();
    for (std::size_t count = 1 + below(4); count > 0 && steps_left_ > 0; --count) step();
    if (below(10) == 0) throw Thrown{};
  }

  void run_with(std::size_t chosen) {
    const Restoring restoring(*this, chosen);
    storages_[chosen].run(++next_store_, [&] {
      set(chosen, next_store_);
      inside();
    });
  }

  void exit_from(std::size_t chosen) {
    if (!storages_[chosen].get_store()) return storages_[chosen].exit([&] { inside(); });
    const Restoring restoring(*this, chosen);
    storages_[chosen].exit([&] {
      set(chosen, std::nullopt);
      inside();
    });
  }

  void with_scope(std::size_t chosen) {
    const Restoring restoring(*this, chosen);
    const auto scope = storages_[chosen].with_scope(++next_store_);
    set(chosen, next_store_);
    inside();
  }

  void enter(std::size_t chosen, std::optional<int> store) {
    store ? storages_[chosen].enter_with(*store) : storages_[chosen].enter_with_nothing();
    set(chosen, store);
  }

  void keep() {
    auto kept = std::make_shared<Kept>(Kept{current_, way_back()});
    if (kept_.size() < kept_max) return kept_.push_back(std::move(kept));
    kept_[below(kept_max)] = std::move(kept);
  }

  Function<void(ContextModel&)> way_back() {
    const auto go_on = [](ContextModel& model) { model.inside(); };
    switch (below(3)) {
      case 0: return async_context::Snapshot::wrap(go_on);
      case 1: return Storage::bind(go_on);
      default:
        return [go_on, snapshot = Storage::snapshot()](ContextModel& model) mutable {
          snapshot(go_on, model);
        };
    }
  }

  void enter_kept() {
    if (kept_.empty()) return;
    const auto kept = kept_[below(kept_.size())];
    struct Inside {
      ContextModel& model;
      std::shared_ptr<Entries> outer;
      ~Inside() { model.current_ = std::move(outer); }
    };
    const Inside inside{*this, std::exchange(current_, kept->entries)};
    kept->enter(*this);
  }

  /// As run() does: what the entry was, in a new map.
  class Restoring {
   public:
    Restoring(ContextModel& model, std::size_t chosen)
        : model_(model), chosen_(chosen), prior_(*model.current_) {}
    ~Restoring() {
      const auto found = prior_.find(chosen_);
      model_.current_ = std::make_shared<Entries>(*model_.current_);
      if (found == prior_.end()) {
        model_.current_->erase(chosen_);
      } else {
        (*model_.current_)[chosen_] = found->second;
      }
    }

   private:
    ContextModel& model_;
    std::size_t chosen_;
    Entries prior_;
  };

  void set(std::size_t chosen, std::optional<int> store) {
    current_ = std::make_shared<Entries>(*current_);
    (*current_)[chosen] = store;
  }

  void check() {
    for (std::size_t i = 0; i < storages; ++i) {
      const int* store = storages_[i].get_store();
      const auto found = current_->find(i);
      const auto expected = found == current_->end() ? std::nullopt : found->second;
      ASSERT_EQ(store ? std::optional(*store) : std::nullopt, expected)
          << "storage " << i << ", " << steps_left_ << " steps before the end";
    }
  }

  std::mt19937 random_;
  int steps_left_ = 0;
  int depth_ = 0;
  int next_store_ = 0;
  std::array<Storage, storages> storages_;
  std::shared_ptr<Entries> current_ = std::make_shared<Entries>();
  std::vector<std::shared_ptr<Kept>> kept_;
};

class NestedContexts : public LoopTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(NestedContexts, are_what_the_model_says) {
  ContextModel model(GetParam());
  model.run(4000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NestedContexts, ::testing::Range(0u, 12u));

}  // namespace
}  // namespace contrail
