#include "contrail/testing/hook_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

#include "contrail/async_resource.h"
#include "contrail/detail/async_scope.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/testing/trace.h"
#include "contrail/timers.h"

namespace contrail::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HookRecorderTest : public ::testing::Test {
 protected:
  std::optional<Loop> loop{std::in_place};
};

constexpr ResourceType timeout = resource_types::timeout;

/// Events of our own making: contrail keeps to the rules.
detail::ScopeKey timer(AsyncId id) {
  return {id, root_async_id, reinterpret_cast<std::uintptr_t>(&timeout)};
}
void announce_timer(AsyncId id) {
  const ResourceInfo made{.async_id = id, .trigger_async_id = root_async_id, .type = timeout};
  detail::emit_init(made, timeout, nullptr, nullptr);
}

TEST_F(HookRecorderTest, prints_a_canonical_trace) {
  HookRecorder recorder({"Timeout"});
  set_timeout([] { set_timeout([] {}, 1ms); }, 1ms);
  loop->run();
  const Trace expected(R"(
    init Timeout:1 by root
    before Timeout:1
    init Timeout:2 by Timeout:1
    after Timeout:1
    destroy Timeout:1
    before Timeout:2
    after Timeout:2
    destroy Timeout:2)");
  EXPECT_EQ(recorder.trace(), expected.text());
  EXPECT_EQ(diff(expected, Trace(recorder.trace())), "");
}

TEST_F(HookRecorderTest, says_who_was_running_if_that_was_not_the_trigger) {
  HookRecorder recorder;
  AsyncResource server("Server");
  AsyncResource socket("Socket", {.trigger_async_id = server.async_id()});
  EXPECT_EQ(recorder.trace(), "init Server:1 by root\ninit Socket:1 by Server:1 in root\n");
}

TEST_F(HookRecorderTest, has_words_for_ids_that_are_no_resources) {
  HookRecorder recorder;
  AsyncResource nobodys("A", {.trigger_async_id = no_async_id});
  AsyncResource unassigned("B", {.trigger_async_id = unassigned_async_id});
  AsyncResource unknown("C", {.trigger_async_id = 77});
  EXPECT_EQ(recorder.trace(),
            "init A:1 by nobody in root\n"
            "init B:1 by unassigned in root\n"
            "init C:1 by unknown:77 in root\n");
}

TEST_F(HookRecorderTest, records_the_settling_of_promises) {
  HookRecorder recorder;
  Promise<int>::resolve(1).then([](int) {}).detach();
  loop->run();
  EXPECT_THAT(recorder.trace(), HasSubstr("before PROMISE:2\n"
                                          "resolve PROMISE:2\n"
                                          "after PROMISE:2\n"));
}

TEST_F(HookRecorderTest, names_triggers_of_types_it_does_not_show) {
  HookRecorder recorder({"TickObject"});
  set_immediate([] { next_tick([] {}); });
  loop->run();
  EXPECT_THAT(recorder.trace(), HasSubstr("init TickObject:1 by Immediate:1\n"));
}

TEST_F(HookRecorderTest, tells_the_name_of_any_resource) {
  HookRecorder recorder({"TickObject"});
  const Timeout timeout = set_timeout([] {}, 1ms);
  EXPECT_EQ(recorder.name(timeout.async_id()), "Timeout:1");
  EXPECT_EQ(recorder.name(root_async_id), "root");
  EXPECT_EQ(recorder.name(77), "unknown:77");
}

TEST_F(HookRecorderTest, leaves_promises_unnumbered_unless_asked_for) {
  HookRecorder recorder({"Immediate"});
  const auto promise = Promise<int>::resolve(1);
  EXPECT_EQ(promise.async_id(), no_async_id);
}

TEST_F(HookRecorderTest, counts_what_happened_to_a_resource) {
  HookRecorder recorder;
  Timeout interval;
  interval = set_interval(
      [&, count = 0]() mutable {
        if (++count == 3) interval.clear();
      },
      1ms);
  loop->run();
  const Activity& activity = recorder.first("Timeout");
  EXPECT_EQ(activity.async_id, interval.async_id());
  EXPECT_EQ(activity.trigger_async_id, root_async_id);
  EXPECT_EQ(activity.inits, 1U);
  EXPECT_EQ(activity.befores, 3U);
  EXPECT_EQ(activity.afters, 3U);
  EXPECT_EQ(activity.destroys, 1U);
}

TEST_F(HookRecorderTest, counts_the_resources_of_a_type) {
  HookRecorder recorder;
  for (int i = 0; i < 3; ++i) set_immediate([] {});
  EXPECT_EQ(recorder.count("Immediate"), 3U);
  EXPECT_EQ(recorder.count("Timeout"), 0U);
}

TEST_F(HookRecorderTest, says_which_type_did_not_appear) {
  HookRecorder recorder;
  try {
    recorder.first("Timeout");
    ADD_FAILURE() << "there was one";
  } catch (const std::out_of_range& error) {
    EXPECT_THAT(error.what(), HasSubstr("Timeout"));
  }
}

TEST_F(HookRecorderTest, records_the_end_of_the_loop_too) {
  HookRecorder recorder;
  set_timeout([] {}, 1h);
  EXPECT_THAT(recorder.alive(), ElementsAre("Timeout:1"));
  loop.reset();
  EXPECT_THAT(recorder.alive(), IsEmpty());
  EXPECT_THAT(recorder.violations(), IsEmpty());
}

TEST_F(HookRecorderTest, records_no_more_once_stopped) {
  HookRecorder recorder;
  recorder.stop();
  set_immediate([] {});
  EXPECT_THAT(recorder.events(), IsEmpty());
}

TEST_F(HookRecorderTest, finds_nothing_wrong_with_an_ordinary_program) {
  HookRecorder recorder;
  AsyncResource resource("Query");
  set_timeout([&] { resource.run_in_async_scope([] { next_tick([] {}); }); }, 1ms);
  set_immediate([] { queue_microtask([] {}); });
  Promise<int>::resolve(1).then([](int) {}).detach();
  loop->run();
  EXPECT_THAT(recorder.violations(), IsEmpty());
}

TEST_F(HookRecorderTest, finds_nothing_wrong_with_an_exception) {
  HookRecorder recorder;
  AsyncResource resource("Query");
  set_immediate([&] { resource.run_in_async_scope([] { throw std::runtime_error("no"); }); });
  EXPECT_THROW(loop->run(), std::runtime_error);
  EXPECT_THAT(recorder.violations(), IsEmpty());
}

TEST_F(HookRecorderTest, allows_the_extra_after_of_an_unhandled_rejection) {
  HookRecorder recorder;
  Promise<int>::reject(std::runtime_error("no")).detach();
  EXPECT_THROW(loop->run(), std::runtime_error);
  EXPECT_EQ(recorder.first("PROMISE").afters, 1U);
  EXPECT_THAT(recorder.violations(), IsEmpty());
}

TEST_F(HookRecorderTest, allows_a_user_to_destroy_twice_and_to_run_afterwards) {
  HookRecorder recorder;
  AsyncResource resource("Query");
  resource.emit_destroy().emit_destroy();
  loop->run();
  resource.run_in_async_scope([] {});
  EXPECT_EQ(recorder.first("Query").destroys, 2U);
  EXPECT_THAT(recorder.violations(), IsEmpty());
}

TEST_F(HookRecorderTest, may_start_in_the_middle_of_a_callback) {
  std::optional<HookRecorder> recorder;
  set_immediate([&] { recorder.emplace(); });
  loop->run();
  EXPECT_EQ(Trace(recorder->trace()), Trace("after Immediate:1\ndestroy Immediate:1"));
  EXPECT_THAT(recorder->violations(), IsEmpty());
}

TEST_F(HookRecorderTest, finds_a_second_init) {
  HookRecorder recorder;
  announce_timer(50);
  announce_timer(50);
  EXPECT_THAT(recorder.violations(), ElementsAre("init Timeout:1 for the second time"));
}

TEST_F(HookRecorderTest, finds_a_callback_ahead_of_its_init) {
  HookRecorder recorder;
  detail::emit_before(timer(50));
  announce_timer(50);
  detail::emit_after(timer(50));
  EXPECT_THAT(recorder.violations(), ElementsAre("before unknown:1 ahead of its init"));
}

TEST_F(HookRecorderTest, allows_an_init_that_came_before_its_time) {
  AsyncResource older("Query");
  HookRecorder recorder;
  older.run_in_async_scope([] {});
  EXPECT_EQ(recorder.first("Query").inits, 0U);
  EXPECT_THAT(recorder.violations(), IsEmpty());
}

TEST_F(HookRecorderTest, finds_a_before_without_its_after) {
  HookRecorder recorder;
  announce_timer(50);
  detail::emit_before(timer(50));
  EXPECT_THAT(recorder.violations(), ElementsAre("before Timeout:1 without its after"));
}

TEST_F(HookRecorderTest, finds_an_after_without_its_before) {
  HookRecorder recorder;
  announce_timer(50);
  detail::emit_after(timer(50));
  EXPECT_THAT(recorder.violations(), ElementsAre("after Timeout:1 without its before"));
}

TEST_F(HookRecorderTest, finds_callbacks_that_overlap) {
  HookRecorder recorder;
  for (AsyncId id : {50, 51}) announce_timer(id);
  for (AsyncId id : {50, 51}) detail::emit_before(timer(id));
  for (AsyncId id : {50, 51}) detail::emit_after(timer(id));
  EXPECT_THAT(recorder.violations(), ElementsAre("after Timeout:1 while Timeout:2 is running",
                                                 "after Timeout:2 without its before"));
}

TEST_F(HookRecorderTest, finds_a_second_destroy) {
  HookRecorder recorder;
  announce_timer(50);
  detail::queue_destroy(50, false, nullptr, detail::NotesEnd::here);
  detail::queue_destroy(50, false, nullptr, detail::NotesEnd::here);
  loop->run();
  EXPECT_THAT(recorder.violations(), ElementsAre("destroy Timeout:1 after its destroy"));
}

TEST_F(HookRecorderTest, finds_a_callback_after_the_destroy) {
  HookRecorder recorder;
  announce_timer(50);
  detail::queue_destroy(50, false, nullptr, detail::NotesEnd::here);
  loop->run();
  detail::emit_before(timer(50));
  detail::emit_after(timer(50));
  EXPECT_THAT(recorder.violations(), ElementsAre("before Timeout:1 after its destroy",
                                                 "after Timeout:1 after its destroy"));
}

TEST_F(HookRecorderTest, says_that_it_was_moved_from) {
  HookRecorder recorder;
  const HookRecorder moved = std::move(recorder);
  const auto* sentence = "contrail: this HookRecorder was used after it was moved from";
  EXPECT_DEATH(recorder.stop(), sentence);
  EXPECT_DEATH(static_cast<void>(recorder.events()), sentence);
  EXPECT_DEATH(static_cast<void>(recorder.activities()), sentence);
  EXPECT_DEATH(static_cast<void>(recorder.first("Timeout")), sentence);
  EXPECT_DEATH(static_cast<void>(recorder.count("Timeout")), sentence);
  EXPECT_DEATH(static_cast<void>(recorder.trace()), sentence);
  EXPECT_DEATH(static_cast<void>(recorder.violations()), sentence);
  EXPECT_DEATH(static_cast<void>(recorder.alive()), sentence);
}

}  // namespace
}  // namespace contrail::testing
