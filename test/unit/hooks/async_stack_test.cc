#include "contrail/hooks/async_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/execution.h"
#include "contrail/fs.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/tcp.h"
#include "contrail/timers.h"
#include "support/child.h"
#include "support/loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AsyncStack : public LoopTest {
 protected:
  std::vector<std::string> types() const { return types_of(stack->current()); }
  static std::vector<std::string> types_of(const std::vector<hooks::AsyncFrame>& frames) {
    std::vector<std::string> types;
    for (const hooks::AsyncFrame& frame : frames) types.emplace_back(frame.type);
    return types;
  }

  std::optional<hooks::AsyncStack> stack{std::in_place};
  std::vector<std::string> seen;
};

TEST_F(AsyncStack, leads_from_the_running_callback_to_the_root) {
  set_timeout([&] { set_immediate([&] { next_tick([&] { seen = types(); }); }); }, 1ms);
  loop().run();
  EXPECT_THAT(seen, ElementsAre("TickObject", "Immediate", "Timeout", "root"));
}

TEST_F(AsyncStack, is_empty_between_callbacks_and_only_root_outside) {
  EXPECT_THAT(types(), ElementsAre("root"));
  seen = {"something"};
  loop().post([&] { seen = types(); });
  loop().run();
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(AsyncStack, knows_ancestors_that_are_gone) {
  std::vector<hooks::AsyncFrame> frames;
  set_immediate([&] { set_immediate([&] { set_immediate([&] { frames = stack->current(); }); }); });
  loop().run();
  ASSERT_THAT(frames, SizeIs(4));
  EXPECT_TRUE(frames[0].alive);
  EXPECT_EQ(frames[2].type, "Immediate");
  EXPECT_FALSE(frames[2].alive);
}

TEST_F(AsyncStack, tells_where_and_when_a_resource_was_made) {
  std::vector<hooks::AsyncFrame> frames;
  const unsigned line = __LINE__ + 1;
  set_timeout([&] { frames = stack->current(); }, 2ms);
  loop().run();
  EXPECT_EQ(frames[0].site.line(), line);
  EXPECT_THAT(std::string(frames[0].site.file()), HasSubstr("async_stack_test.cc"));
  EXPECT_EQ(frames[0].delay, 2ms);
  EXPECT_GE(frames[0].age, 1ms);
  EXPECT_LT(frames[0].age, 1min);
}

Promise<> read_a_file(std::vector<hooks::AsyncFrame>& frames, const hooks::AsyncStack& stack) {
  co_await fs::stat("/");
  frames = stack.current();
}

TEST_F(AsyncStack, goes_through_coroutines) {
  std::vector<hooks::AsyncFrame> frames;
  set_immediate([&] { read_a_file(frames, *stack).detach(); });
  loop().run();
  EXPECT_THAT(types_of(frames), ElementsAre("PROMISE", "PROMISE", "Immediate", "root"));
  EXPECT_EQ(frames[1].settled_by_type, "FSREQCALLBACK");
}

Promise<> sleep_twice(std::vector<std::string>& seen, const hooks::AsyncStack& stack) {
  co_await sleep(1ms);
  co_await sleep(1ms);
  seen.push_back(stack.text());
}
Promise<> outer(std::vector<std::string>& seen, const hooks::AsyncStack& stack) {
  co_await sleep_twice(seen, stack);
  seen.push_back(stack.text());
}

TEST_F(AsyncStack, of_nested_coroutines_names_every_await) {
  next_tick([&] { outer(seen, *stack).detach(); });
  loop().run();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_THAT(seen[0], AllOf(HasSubstr("settled by Timeout"), HasSubstr("TickObject")));
  EXPECT_THAT(seen[1], AllOf(HasSubstr("settled by Timeout"), HasSubstr("TickObject")));
}

Promise<> innermost() { co_await fs::stat("/"); }
Promise<> nested(int levels) {
  if (levels == 0) {
    co_await innermost();
  } else {
    co_await nested(levels - 1);
  }
}
Promise<> outermost(int levels, std::vector<hooks::AsyncFrame>& frames,
                    const hooks::AsyncStack& stack) {
  co_await nested(levels);
  frames = stack.current();
}

TEST_F(AsyncStack, names_what_has_woken_the_innermost_of_nested_coroutines) {
  std::vector<hooks::AsyncFrame> frames;
  next_tick([&] { outermost(1, frames, *stack).detach(); });
  loop().run();
  EXPECT_THAT(types_of(frames), ElementsAre("PROMISE", "PROMISE", "TickObject", "root"));
  EXPECT_EQ(frames[1].settled_by_type, "FSREQCALLBACK");
}

TEST_F(AsyncStack, names_the_nearest_where_coroutines_are_nested_too_deep) {
  std::vector<hooks::AsyncFrame> frames;
  next_tick([&] { outermost(30, frames, *stack).detach(); });
  loop().run();
  EXPECT_EQ(frames[1].settled_by_type, "PROMISE");
}

TEST_F(AsyncStack, says_that_no_callback_is_running_where_the_loop_is_between_two) {
  EXPECT_EQ(stack->text(), "  root\n");
  Function<void()> look = [&] { seen.push_back(stack->text()); };
  uv_timer_t foreign;
  uv_timer_init(loop().native(), &foreign);
  foreign.data = &look;
  uv_timer_start(
      &foreign,
      [](uv_timer_t* timer) {
        (*static_cast<Function<void()>*>(timer->data))();
        uv_close(reinterpret_cast<uv_handle_t*>(timer), nullptr);
      },
      0, 0);
  loop().post([&] { seen.push_back(stack->text()); });
  loop().run();
  EXPECT_THAT(seen, ElementsAre("  no callback is running\n", "  no callback is running\n"));
}

Promise<> serve(TcpSocket socket, std::vector<hooks::AsyncFrame>& frames,
                const hooks::AsyncStack& stack) {
  std::array<std::byte, 16> buffer;
  (void)co_await socket.read(buffer);
  frames = stack.current();
}
Promise<> connect_and_close(SocketAddress to) { (void)co_await TcpSocket::connect(to); }

TEST_F(AsyncStack, of_a_handler_leads_to_its_server) {
  std::vector<hooks::AsyncFrame> frames;
  TcpServer server([&](TcpSocket socket) {
    serve(std::move(socket), frames, *stack).detach();
    server.close();
  });
  server.listen(SocketAddress::loopback());
  connect_and_close(server.address()).detach();
  loop().run();
  EXPECT_THAT(types_of(frames), ElementsAre("PROMISE", "PROMISE", "TCPSERVERWRAP", "root"));
  EXPECT_EQ(frames[1].settled_by_type, "TCPWRAP");
}

TEST_F(AsyncStack, ends_with_the_id_of_what_is_older_than_the_recorder) {
  stack.reset();
  AsyncResource older("Older");
  stack.emplace();
  std::vector<hooks::AsyncFrame> frames;
  older.run_in_async_scope([&] { next_tick([&] { frames = stack->current(); }); });
  loop().run();
  EXPECT_THAT(types_of(frames), ElementsAre("TickObject", ""));
  EXPECT_EQ(frames[1].id, older.async_id());
  EXPECT_THAT(hooks::to_text(frames), HasSubstr("of which nothing is recorded"));
}

TEST_F(AsyncStack, forgets_the_dead_before_the_living) {
  stack.reset();
  stack.emplace(hooks::AsyncStackOptions{.nodes_max = 16});
  AsyncResource server("Server");
  AsyncId dead = 0;
  {
    AsyncResource request("Request");
    dead = request.async_id();
  }
  for (int i = 0; i < 1000; ++i) {
    set_immediate([] {});
    loop().run();
  }
  EXPECT_THAT(types_of(stack->of(server.async_id())), ElementsAre("Server", "root"));
  EXPECT_THAT(types_of(stack->of(dead)), ElementsAre(""));
}

TEST_F(AsyncStack, remembers_the_latest_when_more_live_than_it_has_room_for) {
  stack.reset();
  stack.emplace(hooks::AsyncStackOptions{.nodes_max = 16});
  std::vector<AsyncResource> many;
  for (int i = 0; i < 1000; ++i) many.emplace_back("Many");
  int known = 0;
  for (const AsyncResource& each : many) known += stack->of(each.async_id())[0].type == "Many";
  EXPECT_EQ(known, 16);
  EXPECT_EQ(stack->of(many.back().async_id())[0].type, "Many");
}

TEST_F(AsyncStack, is_cut_off_where_the_options_say) {
  stack.emplace(hooks::AsyncStackOptions{.frames_max = 2});
  set_immediate([&] { next_tick([&] { seen = {stack->text()}; }); });
  loop().run();
  EXPECT_THAT(seen[0], HasSubstr("\n  ...\n"));
}

TEST_F(AsyncStack, survives_triggers_that_lead_in_circles) {
  AsyncResource first("First", {.trigger_async_id = execution_async_id() + 2});
  AsyncResource second("Second", {.trigger_async_id = first.async_id()});
  EXPECT_LE(stack->of(second.async_id()).size(), 32u);
}

TEST_F(AsyncStack, records_nothing_while_disabled) {
  stack->disable();
  EXPECT_THAT(types(), IsEmpty());
  EXPECT_EQ(stack->text(), "");
  AsyncResource unseen("Unseen");
  stack->enable();
  EXPECT_THAT(types_of(stack->of(unseen.async_id())), ElementsAre(""));
}

TEST_F(AsyncStack, is_shared_by_all_of_a_loop) {
  AsyncResource early("Early");
  const hooks::AsyncStack late;
  EXPECT_THAT(types_of(late.of(early.async_id())), ElementsAre("Early", "root"));
}

TEST_F(AsyncStack, follows_promises_as_soon_as_one_of_those_who_share_it_does) {
  stack.emplace(hooks::AsyncStackOptions{.track_promises = false});
  const hooks::AsyncStack with_promises;
  std::vector<hooks::AsyncFrame> frames;
  set_immediate([&] { read_a_file(frames, *stack).detach(); });
  loop().run();
  EXPECT_THAT(types_of(frames), ElementsAre("PROMISE", "PROMISE", "Immediate", "root"));
}

TEST_F(AsyncStack, prints_what_it_says) {
  set_immediate([&] {
    Child child([&] { stack->print(STDERR_FILENO); });
    EXPECT_THAT(child.output(), AllOf(HasSubstr("  Immediate 2 at "), HasSubstr("\n  root\n")));
    EXPECT_EQ(child.wait(), 0);
  });
  loop().run();
}

const hooks::AsyncStack* interrupted = nullptr;
int sink = -1;
volatile sig_atomic_t prints = 0;
void print_on_signal(int) {
  if (prints < 2000) interrupted->print(sink);
  prints = prints + 1;
}

/// A timer that signals this process in the midst of everything.
class Interruptions {
 public:
  explicit Interruptions(const hooks::AsyncStack& stack) {
    interrupted = &stack;
    prints = 0;
    struct sigaction action {};
    action.sa_handler = print_on_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGPROF, &action, &previous_);
    const itimerval often{{0, 100}, {0, 100}};
    ::setitimer(ITIMER_PROF, &often, nullptr);
  }
  ~Interruptions() {
    const itimerval never{};
    ::setitimer(ITIMER_PROF, &never, nullptr);
    ::sigaction(SIGPROF, &previous_, nullptr);
  }

 private:
  struct sigaction previous_ {};
};

TEST_F(AsyncStack, prints_whole_lines_whatever_the_signal_interrupts) {
  stack.reset();
  stack.emplace(hooks::AsyncStackOptions{.nodes_max = 16});
  std::FILE* file = std::tmpfile();
  sink = fileno(file);
  {
    const Interruptions often(*stack);
    while (prints < 30) {
      set_immediate([] { next_tick([] { queue_microtask([] {}); }); });
      loop().run();
    }
  }
  std::rewind(file);
  char line[512];
  while (std::fgets(line, sizeof line, file)) {
    EXPECT_THAT(std::string(line),
                ::testing::MatchesRegex(
                    "  (root|no callback is running|\\.\\.\\.|resource [0-9]+, of which nothing is "
                    "recorded|(Immediate|TickObject|Microtask) [0-9]+ at .*, made .* ago)\n"));
  }
  std::fclose(file);
}

TEST_F(AsyncStack, ends_in_any_order_with_its_loop) {
  set_immediate([] {});
  destroy_loop();
  EXPECT_THAT(types(), IsEmpty());
  stack.reset();
}

TEST(AsyncStackOfALoop, says_nothing_of_a_later_one_until_it_is_enabled_there) {
  std::optional<Loop> loop(std::in_place);
  hooks::AsyncStack stack;
  const AsyncResource first("OfTheFirstLoop");
  loop.reset();
  Loop another;
  AsyncResource second("OfTheSecondLoop");
  EXPECT_THAT(stack.of(second.async_id()), IsEmpty());
  EXPECT_EQ(stack.text(), "");
  stack.enable();
  const AsyncResource third("ThirdOfAll");
  EXPECT_EQ(stack.of(third.async_id()).at(0).type, "ThirdOfAll");
}

}  // namespace
}  // namespace contrail
