// What a Loop refuses, in one sentence, instead of corrupting anything.

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include "contrail/async_hook.h"
#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

class LoopsDeath : public LoopTest {};

using LoopsMisuse = LoopsDeath;

TEST_F(LoopsMisuse, exceptions_that_run_was_never_called_for_are_said_on_stderr) {
  Promise<>::reject(std::runtime_error("one")).detach();
  set_immediate([] { throw std::logic_error("two"); });
  uv_run(loop().native(), UV_RUN_DEFAULT);
  uv_run(loop().native(), UV_RUN_DEFAULT);
  ::testing::internal::CaptureStderr();
  destroy_loop();
  const std::string said = ::testing::internal::GetCapturedStderr();
  const std::string why =
      "contrail: lost with its Loop, as nobody called run() again or installed "
      "on_uncaught_exception(): ";
  EXPECT_THAT(said, ::testing::HasSubstr(why + "one\n"));
  EXPECT_THAT(said, ::testing::HasSubstr(why + "two\n"));
}

TEST_F(LoopsMisuse, an_exception_that_run_has_thrown_is_not_said_again) {
  set_immediate([] { throw std::logic_error("one"); });
  EXPECT_THROW(loop().run(), std::logic_error);
  ::testing::internal::CaptureStderr();
  destroy_loop();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(LoopsDeath, are_one_to_a_thread) {
  EXPECT_DEATH(Loop second, "this thread already has a Loop");
}

TEST_F(LoopsDeath, are_not_there_on_a_thread_without_one) {
  destroy_loop();
  EXPECT_DEATH(Loop::current(), "there is no Loop on this thread");
}

TEST_F(LoopsDeath, are_not_run_from_inside_a_callback) {
  set_immediate([&] { loop().run(); });
  EXPECT_DEATH(loop().run(), "Loop::run was called from inside one of its callbacks");
  destroy_loop();
}

TEST_F(LoopsDeath, are_not_run_from_inside_a_hook) {
  AsyncHook hook({.init = [&](const ResourceInfo&) { loop().run(); }});
  hook.enable();
  EXPECT_DEATH(AsyncResource("Thing"), "from inside one of its callbacks or hooks");
  hook.disable();
  destroy_loop();
}

TEST_F(LoopsDeath, are_not_run_on_another_thread) {
  EXPECT_DEATH(std::thread([&] { loop().run(); }).join(), "on a thread other than");
}

TEST_F(LoopsDeath, are_not_stopped_on_another_thread) {
  EXPECT_DEATH(std::thread([&] { loop().stop(); }).join(), "on a thread other than");
}

TEST_F(LoopsDeath, are_not_kept_alive_by_another_thread) {
  EXPECT_DEATH(std::thread([&] { static_cast<void>(loop().keep_alive()); }).join(),
               "on a thread other than");
}

TEST_F(LoopsDeath, are_not_given_a_handler_by_another_thread) {
  auto set = [&] { loop().on_uncaught_exception([](std::exception_ptr) {}); };
  EXPECT_DEATH(std::thread(set).join(), "on a thread other than");
}

TEST_F(LoopsDeath, are_not_destroyed_from_inside_a_callback) {
  set_immediate([&] { destroy_loop(); });
  EXPECT_DEATH(loop().run(), "a Loop was destroyed from inside one of its callbacks");
  destroy_loop();
}

TEST_F(LoopsDeath, are_not_destroyed_from_inside_a_hook) {
  close_ledger();
  AsyncHook hook({.init = [&](const ResourceInfo&) { destroy_loop(); }});
  hook.enable();
  EXPECT_DEATH(AsyncResource("A"), "a Loop was destroyed from inside one of its callbacks");
}

TEST_F(LoopsDeath, with_static_storage_let_a_callback_exit) {
  destroy_loop();
  auto exit_in_callback = [] {
    static Loop loop;
    set_immediate([] { std::exit(3); });
    loop.run();
  };
  EXPECT_EXIT(exit_in_callback(), ::testing::ExitedWithCode(3), "^$");
}

TEST_F(LoopsDeath, with_static_storage_let_a_throwing_hook_end_the_process) {
  destroy_loop();
  auto throw_in_hook = [] {
    static Loop loop;
    static AsyncHook hook({.init = [](const ResourceInfo&) { throw std::runtime_error("no"); }});
    hook.enable();
    next_tick([] {});
    loop.run();
  };
  EXPECT_EXIT(throw_in_hook(), ::testing::ExitedWithCode(1), "a hook threw in init of TickObject");
}

TEST_F(LoopsDeath, are_not_destroyed_on_another_thread) {
  EXPECT_DEATH(std::thread([&] { destroy_loop(); }).join(), "on a thread other than its own");
}

}  // namespace
}  // namespace contrail
