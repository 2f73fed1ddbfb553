// What Node's own tests say of work that native code does on the thread pool.

#include <uv.h>

#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "busy_pool.h"
#include "contrail/async_hook.h"
#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/thread_pool.h"
#include "contrail/timers.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;

/// Work as an addon has it: libuv's, and a callback that it makes itself.
class AddonWork {
 public:
  AddonWork(int input, Function<void(int)> fn) : output_(input), fn_(std::move(fn)) {
    request_.data = this;
    uv_queue_work(Loop::current().native(), &request_, work, done);
  }

 private:
  static AddonWork& of(uv_work_t* request) { return *static_cast<AddonWork*>(request->data); }
  static void work(uv_work_t* request) { of(request).output_ *= 2; }
  static void done(uv_work_t* request, int) {
    AddonWork& self = of(request);
    Loop::current().make_callback(self.resource_, [&] { self.fn_(self.output_); });
  }

  uv_work_t request_{};
  int output_;
  Function<void(int)> fn_;
  AsyncResource resource_{"AddonWork"};
};

class WorkInNode : public TcpTest {};

TEST_F(WorkInNode, calls_back_with_its_result_and_then_runs_the_tick_of_the_callback) {
  std::vector<std::string> order;
  int input = 5;
  queue_work([input] { return input * 2; }, {},
             [&](Result<int> output) {
               next_tick([&] { order.emplace_back("tick"); });
               order.push_back(std::to_string(*output));
             });
  EXPECT_THAT(order, ElementsAre());
  loop().run();
  EXPECT_THAT(order, ElementsAre("10", "tick"));
}

TEST_F(WorkInNode, of_an_addon_does_so_too) {
  std::vector<std::string> order;
  const AddonWork work(5, [&](int output) {
    next_tick([&] { order.emplace_back("tick"); });
    order.push_back(std::to_string(output));
  });
  loop().run();
  EXPECT_THAT(order, ElementsAre("10", "tick"));
}

TEST_F(WorkInNode, of_an_addon_has_its_exception_delivered_to_the_handler_once) {
  catch_uncaught();
  const AddonWork work(5, [](int) { throw std::runtime_error("no"); });
  loop().run();
  EXPECT_EQ(uncaught, "no");
}

TEST_F(WorkInNode, lives_from_its_queueing_to_the_end_of_its_callback) {
  std::vector<std::string> events;
  AsyncId id = no_async_id, trigger = no_async_id;
  bool has_details = false;
  AsyncHook hook({.init =
                      [&](const ResourceInfo& made) {
                        if (made.type != "TestResource") return;
                        id = made.async_id;
                        trigger = made.trigger_async_id;
                        has_details = made.details.as<WorkDetails>() != nullptr;
                        events.emplace_back("init");
                      },
                  .before =
                      [&](AsyncId of) {
                        if (of == id) events.emplace_back("before");
                      },
                  .after =
                      [&](AsyncId of) {
                        if (of == id) events.emplace_back("after");
                      },
                  .destroy =
                      [&](AsyncId of) {
                        if (of == id) events.emplace_back("destroy");
                      }});
  hook.enable();
  events.emplace_back("start");
  const WorkOptions options{.type = "TestResource"};
  queue_work([] {}, options, [&](Result<void>) { events.emplace_back("complete"); });
  events.emplace_back("scheduled");
  EXPECT_EQ(trigger, execution_async_id());
  EXPECT_TRUE(has_details);
  loop().run();
  EXPECT_THAT(events,
              ElementsAre("start", "init", "scheduled", "before", "complete", "after", "destroy"));
}

TEST_F(WorkInNode, may_follow_other_work_five_hundred_times) {
  int done = 0;
  auto next = [&](auto& self) -> void {
    queue_work([] {}, {},
               [&](Result<void> result) {
                 EXPECT_TRUE(result);
                 if (++done < 500) self(self);
               });
  };
  next(next);
  loop().run();
  EXPECT_EQ(done, 500);
}

TEST_F(WorkInNode, has_the_exception_of_its_callback_delivered_once_and_so_have_later_ones) {
  catch_uncaught();
  queue_work([] {}, {},
             [](Result<void>) {
               set_immediate([] { throw std::runtime_error("later"); });
               throw std::runtime_error("first");
             });
  loop().run();
  EXPECT_EQ(uncaught, "first, later");
}

TEST_F(WorkInNode, whose_callback_throws_without_a_handler_is_fatal) {
  queue_work([] {}, {}, [](Result<void>) { throw std::runtime_error("fatal"); });
  try {
    loop().run();
    ADD_FAILURE() << "the exception did not leave run()";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "fatal");
  }
}

TEST_F(WorkInNode, that_is_cancelled_calls_back) {
  const BusyPool pool;
  std::stop_source source;
  std::string failure;
  auto done = [&](Result<void> result) { failure = result ? "" : result.error().name(); };
  queue_work([] {}, {}, done, source.get_token());
  source.request_stop();
  EXPECT_EQ(failure, "");
  run_until([&] { return !failure.empty(); });
  EXPECT_EQ(failure, "ECANCELED");
}

}  // namespace
}  // namespace contrail
