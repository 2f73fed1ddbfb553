#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0::testing {

/// One event, as a hook was told of it.
struct CONTRAIL_API HookEvent {
  enum class Kind { init, before, after, destroy, promise_resolve };

  Kind kind;
  AsyncId async_id;
  AsyncId trigger_async_id;    ///< Of an init.
  AsyncId execution_async_id;  ///< Who was running.
};

/// What happened to one resource.
struct CONTRAIL_API Activity {
  AsyncId async_id = no_async_id;
  AsyncId trigger_async_id = no_async_id;
  std::string type;
  std::string name;  ///< Its stand-in id: "Timeout:1".
  std::size_t inits = 0;
  std::size_t befores = 0;
  std::size_t afters = 0;
  std::size_t destroys = 0;
  std::size_t resolves = 0;
};

/// Everything that happened to every resource of the current thread's Loop, in order. Records until
/// it goes out of scope; it may outlive the Loop, and then has the events of its end as well.
///
///     contrail::testing::HookRecorder recorder({"Timeout"});
///     set_timeout([] { set_timeout([] {}, 1ms); }, 1ms);
///     loop.run();
///     EXPECT_EQ(recorder.trace(),
///               "init Timeout:1 by root\n"
///               "before Timeout:1\n"
///               "init Timeout:2 by Timeout:1\n"
///               …);
///     EXPECT_THAT(recorder.violations(), IsEmpty());
class CONTRAIL_API HookRecorder {
 public:
  /// Only resources of these types; none given: of all. PROMISEs are not even numbered on this
  /// recorder's account unless they are among them.
  explicit HookRecorder(std::initializer_list<std::string_view> only_types = {});
  HookRecorder(HookRecorder&&) noexcept;
  HookRecorder& operator=(HookRecorder&&) noexcept;
  ~HookRecorder();

  void stop();  ///< Records no more.

  const std::vector<HookEvent>& events() const noexcept;
  /// In order of appearance.
  const std::vector<Activity>& activities() const noexcept;
  /// The first resource of the type. Throws std::out_of_range, naming the type, if there is none.
  const Activity& first(std::string_view type) const;
  std::size_t count(std::string_view type) const noexcept;
  /// What the trace calls it. Also of types that are left out.
  std::string name(AsyncId id) const;

  /// One line per event, ids replaced by type and order of appearance: "init Timeout:1 by root".
  /// " in …" follows if somebody other than the trigger was running; "nobody" is id 0, and types
  /// that are left out count as much as others do. testing::Trace compares such texts.
  std::string trace() const;

  /// The rules that every resource obeys, and where they were broken; empty if nowhere:
  ///
  /// * one init at most, ahead of everything else;
  /// * before and after in pairs, properly nested;
  /// * one destroy at most, and nothing after it.
  ///
  /// Node's exceptions are ours: a resource of the user's may be destroyed twice, and run
  /// afterwards; a promise may get an after too many for a rejection that nobody handled, and root
  /// one for an exception that was. What was running when the recorder was made may end unseen.
  std::vector<std::string> violations() const;

  /// The names of those whose init was seen and whose destroy was not.
  std::vector<std::string> alive() const;

 private:
  struct State;
  State& state() const noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace contrail::inline v0::testing
