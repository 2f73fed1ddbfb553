#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0::testing {

/// What is to happen to the resources of the current thread's Loop, step by step. The first event
/// that is not the next step is remembered, with all that came before it.
///
///     contrail::testing::HookExpectations expected({"Timeout", "TickObject"});
///     expected.init("Timeout").by("root")
///         .before("Timeout").init("TickObject").by("Timeout").after("Timeout")
///         .before("TickObject").after("TickObject");
///     set_timeout([] { next_tick([] {}); }, 1ms);
///     loop.run();
///     EXPECT_EQ(expected.result(), "ok");
///
/// Where a HookRecorder asks for a whole trace and compares it afterwards, this looks at each event
/// as it happens: so it can ask which context is the current one, and the details of a resource
/// that is gone later.
///
/// A resource goes by a name of yours: its type, and if that is not enough, a colon and anything
/// ("Timeout:first"). A name stands for the resource of which it was last expected that it begins;
/// without such a step, for the first one that it fits. Two names never stand for the same one.
/// "root", "nobody" and "unassigned" are the ids that are no resources.
///
/// State what is expected, in one go or little by little, before it happens.
class CONTRAIL_API HookExpectations {
 public:
  /// Looks only at resources of these types; none given: at all. Needs a Loop, which it may
  /// outlive.
  explicit HookExpectations(std::initializer_list<std::string_view> only_types = {});
  HookExpectations(HookExpectations&&) noexcept;
  HookExpectations& operator=(HookExpectations&&) noexcept;
  ~HookExpectations();

  HookExpectations& init(std::string_view name);
  HookExpectations& before(std::string_view name);
  HookExpectations& after(std::string_view name);
  HookExpectations& destroy(std::string_view name);
  HookExpectations& promise_resolve(std::string_view name);

  // More about the latest of these steps; they throw std::logic_error where they make no sense.

  /// Of an init: what caused the resource. It may be of a type that is not looked at; but promises
  /// have no ids, and are "nobody", unless PROMISE is looked at.
  HookExpectations& by(std::string_view name);
  /// What is running.
  HookExpectations& in(std::string_view name);
  /// Of an init: something about the resource, its details or where it was made, in words that fit
  /// "it should be …".
  HookExpectations& where(Function<bool(const ResourceInfo&)> holds, std::string_view words);
  /// Something about the moment, such as what is in an AsyncLocalStorage, in words that fit "it
  /// should happen while …".
  HookExpectations& when(Function<bool()> holds, std::string_view words);

  /// Whatever comes after the last step is wrong. Without this, it is not looked at.
  HookExpectations& nothing_else();

  /// "ok" if every step has happened, and nothing but these up to the last one. Otherwise what was
  /// expected, what came instead, and what came before. Once something was wrong, this is final.
  std::string result() const;

 private:
  struct State;
  State& state() const noexcept;
  std::shared_ptr<State> state_;
};

}  // namespace contrail::inline v0::testing
