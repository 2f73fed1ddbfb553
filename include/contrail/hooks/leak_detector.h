#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contrail/detail/export.h"

namespace contrail::inline v0::hooks {

struct LeakDetectorOptions {
  bool track_promises = true;
  std::size_t groups_max = 4096;
  /// Living resources beyond this are counted, but not those whose contexts are looked after.
  std::size_t resources_max = 1'000'000;  ///< About 64 bytes each.
};

/// What only grows: compares what lives at one moment with what lived at another, by type and
/// creation site; and says what Node's users find out last:
///
///  - promises that were dropped although nobody had settled them, such as those of then() on one
///    that its Loop took along. (A Resolver that dies unused settles its promise: with an error.)
///  - contexts that outlive what made them, and what holds them. A request's stores should go with
///    the request: a cache, a pool or a timer that was made inside it keeps them.
///
///     hooks::LeakDetector leaks;
///     serve_some_requests();
///     const auto mark = leaks.mark();
///     serve_some_requests();
///     fmt::print("{}", leaks.text(mark));
///
/// Made, read and destroyed on the Loop's thread. What is older than the detector is not seen.
class CONTRAIL_API LeakDetector {
 public:
  /// How many of each group lived at one moment.
  class Mark {
   private:
    friend class LeakDetector;
    std::vector<std::uint64_t> live_;
  };

  struct Growth {
    std::string group;  ///< "Timeout at cache.cc:33".
    std::uint64_t before;
    std::uint64_t now;
  };
  struct Dropped {
    std::string group;
    std::uint64_t promises;
  };
  struct Outliving {
    std::string maker;   ///< What entered the contexts, and is gone.
    std::string holder;  ///< What still has them.
    std::uint64_t holders;
    std::uint64_t contexts;         ///< Different ones, of this maker.
    std::chrono::nanoseconds time;  ///< Since the first of these makers went.
  };

  explicit LeakDetector(LeakDetectorOptions options = {});
  LeakDetector(LeakDetector&&) noexcept;
  LeakDetector& operator=(LeakDetector&&) noexcept;
  ~LeakDetector();

  LeakDetector& enable();
  LeakDetector& disable() noexcept;

  Mark mark() const;
  /// What there is more of now, most first.
  std::vector<Growth> growth_since(const Mark& mark) const;
  /// Of each of several marks more than of the one before: what grew all the time.
  std::vector<Growth> steady_growth(const std::vector<Mark>& marks) const;
  std::vector<Dropped> promises_dropped() const;
  /// By more than so much. What is still at work for its maker, such as the timer that a request
  /// has started, outlives it for a moment too.
  std::vector<Outliving> contexts_outliving(std::chrono::nanoseconds by_more_than = {}) const;
  /// All three, a line each; "nothing grew\n" if there is nothing to say.
  std::string text(const Mark& since) const;

  /// Resources that came when resources_max were alive.
  std::uint64_t not_looked_after() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace contrail::inline v0::hooks
