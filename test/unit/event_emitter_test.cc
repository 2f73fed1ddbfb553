#include "contrail/event_emitter.h"

#include "contrail/async_local_storage.h"
#include "contrail/execution.h"
#include "support/lives.h"
#include "support/loop_test.h"
#include "support/trace.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Chat = EventEmitter<Event<"line", std::string>, Event<"moved", int, int>, Event<"end">,
                          Event<"error", std::runtime_error>>;

class EventEmitterTest : public LoopTest {
 protected:
  auto note(std::string text) {
    return [this, text](const std::string&) { heard.push_back(text); };
  }
  /// What a promise for a line is settled with.
  void await_line() {
    chat->next<"line">()
        .then([this](const std::string& line) { heard.push_back(line); },
              [this](std::exception_ptr error) { heard.push_back(text_of(error)); })
        .detach();
  }
  static std::string text_of(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& exception) {
      return exception.what();
    }
  }

  std::vector<std::string> heard;
  std::optional<Chat> chat{std::in_place};
};

TEST_F(EventEmitterTest, calls_its_listeners_in_order_and_at_once) {
  chat->on<"line">(note("first"));
  chat->on<"line">(note("second"));
  chat->prepend_listener<"line">(note("ahead"));
  EXPECT_TRUE(chat->emit<"line">("hello"));
  EXPECT_THAT(heard, ElementsAre("ahead", "first", "second"));
}

TEST_F(EventEmitterTest, hands_over_all_arguments) {
  int sum = 0;
  chat->on<"moved">([&](int x, int y) { sum += x + 10 * y; });
  chat->emit<"moved">(1, 2);
  EXPECT_EQ(sum, 21);
}

TEST_F(EventEmitterTest, hands_each_listener_the_same_object) {
  EventEmitter<Event<"made", std::unique_ptr<int>>, Event<"counted", int&>> emitter;
  const int* seen = nullptr;
  emitter.on<"made">([&](const std::unique_ptr<int>& made) { seen = made.get(); });
  emitter.on<"counted">([](int& count) { ++count; });
  emitter.on<"counted">([](int& count) { ++count; });
  auto made = std::make_unique<int>(1);
  emitter.emit<"made">(made);
  EXPECT_EQ(seen, made.get());
  int count = 0;
  emitter.emit<"counted">(count);
  EXPECT_EQ(count, 2);
}

TEST_F(EventEmitterTest, says_whether_anybody_listens) {
  EXPECT_FALSE(chat->emit<"end">());
  const Listener listener = chat->on<"end">([] {});
  EXPECT_TRUE(chat->emit<"end">());
  chat->off(listener);
  EXPECT_FALSE(chat->emit<"end">());
}

TEST_F(EventEmitterTest, calls_once_only_once) {
  chat->once<"line">(note("once"));
  chat->prepend_once_listener<"line">(note("ahead"));
  EXPECT_EQ(chat->listener_count<"line">(), 2u);
  chat->emit<"line">("");
  chat->emit<"line">("");
  EXPECT_THAT(heard, ElementsAre("ahead", "once"));
  EXPECT_EQ(chat->listener_count<"line">(), 0u);
}

TEST_F(EventEmitterTest, has_removed_a_once_listener_when_it_is_called) {
  chat->once<"line">([&](const std::string&) {
    heard.push_back("once");
    chat->emit<"line">("again");
  });
  chat->emit<"line">("");
  EXPECT_THAT(heard, ElementsAre("once"));
}

TEST_F(EventEmitterTest, does_not_call_a_listener_added_meanwhile) {
  chat->on<"line">([&](const std::string&) {
    heard.push_back("adds");
    chat->once<"line">(note("added"));
    chat->prepend_once_listener<"line">(note("added ahead"));
  });
  chat->emit<"line">("");
  EXPECT_THAT(heard, ElementsAre("adds"));
  heard.clear();
  chat->emit<"line">("");
  EXPECT_THAT(heard, ElementsAre("added ahead", "adds", "added"));
}

TEST_F(EventEmitterTest, does_not_call_a_listener_removed_meanwhile) {
  Listener second;
  chat->on<"line">([&](const std::string&) { chat->off(second); });
  second = chat->on<"line">(note("removed"));
  chat->on<"line">(note("third"));
  chat->emit<"line">("");
  EXPECT_THAT(heard, ElementsAre("third"));
}

TEST_F(EventEmitterTest, lets_a_listener_remove_itself) {
  auto alive = std::make_shared<int>(1);
  Listener self;
  self = chat->on<"line">([&, alive](const std::string&) {
    EXPECT_TRUE(chat->off(self));
    EXPECT_EQ(*alive, 1);
  });
  chat->emit<"line">("");
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(chat->off(self));
}

TEST_F(EventEmitterTest, drops_what_a_removed_listener_has_captured) {
  auto alive = std::make_shared<int>(1);
  const Listener listener = chat->on<"end">([alive] {});
  EXPECT_EQ(alive.use_count(), 2);
  chat->off(listener);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(EventEmitterTest, may_be_changed_by_what_a_dying_listener_has_captured) {
  struct Remover {
    ~Remover() { chat->remove_all_listeners(); }
    Chat* chat;
  };
  auto remover = std::make_shared<Remover>(Remover{&*chat});
  const Listener listener = chat->on<"end">([remover] {});
  chat->on<"end">([] {});
  remover.reset();
  chat->off(listener);
  EXPECT_EQ(chat->listener_count<"end">(), 0u);
}

TEST_F(EventEmitterTest, may_be_emitted_from_inside_its_listener) {
  chat->on<"moved">([&](int depth, int) {
    heard.push_back(std::to_string(depth));
    if (depth < 2) chat->emit<"moved">(depth + 1, 0);
  });
  chat->on<"moved">([&](int depth, int) { heard.push_back("end " + std::to_string(depth)); });
  chat->emit<"moved">(0, 0);
  EXPECT_THAT(heard, ElementsAre("0", "1", "2", "end 2", "end 1", "end 0"));
}

TEST_F(EventEmitterTest, may_be_destroyed_by_a_listener) {
  chat->on<"line">([&](const std::string& text) {
    chat.reset();
    heard.push_back(text);
  });
  chat->on<"line">(note("too late"));
  const std::string text = "the last";
  EXPECT_TRUE(chat->emit<"line">(text));
  EXPECT_THAT(heard, ElementsAre("the last"));
}

TEST_F(EventEmitterTest, may_be_destroyed_when_a_listener_is_removed) {
  chat->on<"removeListener">([&](std::string_view, Listener) { chat.reset(); });
  chat->once<"line">(note("too late"));
  chat->emit<"line">("");
  EXPECT_THAT(heard, IsEmpty());
}

TEST_F(EventEmitterTest, may_be_moved_with_its_listeners) {
  const Listener listener = chat->on<"line">(note("heard"));
  Chat other = std::move(*chat);
  other.emit<"line">("");
  EXPECT_TRUE(other.off(listener));
  EXPECT_THAT(heard, ElementsAre("heard"));
  EXPECT_DEATH(chat->emit<"end">(), "EventEmitter was used after it was moved from");
}

TEST_F(EventEmitterTest, lets_an_exception_through_and_goes_on_the_next_time) {
  const Listener thrower =
      chat->on<"line">([](const std::string&) { throw std::runtime_error("thrown"); });
  chat->once<"line">(note("after"));
  EXPECT_THROW(chat->emit<"line">(""), std::runtime_error);
  EXPECT_THAT(heard, IsEmpty());
  chat->off(thrower);
  chat->emit<"line">("");
  EXPECT_THAT(heard, ElementsAre("after"));
}

TEST_F(EventEmitterTest, throws_an_error_that_nobody_listens_to) {
  EXPECT_THROW(chat->emit<"error">(std::runtime_error("bad")), std::runtime_error);
  chat->on<"error">([&](const std::runtime_error& error) { heard.push_back(error.what()); });
  chat->emit<"error">(std::runtime_error("heard"));
  EXPECT_THAT(heard, ElementsAre("heard"));
}

TEST_F(EventEmitterTest, throws_an_error_of_any_kind) {
  EventEmitter<Event<"error", std::exception_ptr>> pointers;
  EXPECT_THROW(pointers.emit<"error">(std::make_exception_ptr(7)), int);
  EventEmitter<Event<"error", std::string>> texts;
  try {
    texts.emit<"error">("so bad");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "Unhandled error. (so bad)");
  }
  EventEmitter<Event<"error", int, int>> numbers;
  EXPECT_THROW(numbers.emit<"error">(1, 2), std::runtime_error);
}

TEST_F(EventEmitterTest, tells_of_new_and_removed_listeners) {
  Listener told;
  chat->on<"newListener">([&](std::string_view event, Listener listener) {
    heard.push_back("new " + std::string(event));
    if (event == "removeListener") return;
    EXPECT_EQ(chat->listener_count<"line">(), 0u);
    told = listener;
  });
  const Listener line = chat->once<"line">([&](const std::string&) { heard.push_back("called"); });
  EXPECT_EQ(told, line);
  chat->on<"removeListener">([&](std::string_view event, Listener listener) {
    heard.push_back("removed " + std::string(event));
    EXPECT_EQ(listener, line);
  });
  chat->emit<"line">("");
  EXPECT_THAT(heard, ElementsAre("new line", "new removeListener", "removed line", "called"));
}

TEST_F(EventEmitterTest, removes_all_listeners_from_the_last_to_the_first) {
  const Listener first = chat->on<"line">(note("never"));
  const Listener last = chat->on<"line">(note("never"));
  chat->on<"end">([] {});
  std::vector<Listener> removed;
  chat->on<"removeListener">(
      [&](std::string_view, Listener listener) { removed.push_back(listener); });
  chat->remove_all_listeners<"line">();
  EXPECT_THAT(removed, ElementsAre(last, first));
  EXPECT_THAT(chat->event_names(), ElementsAre("end", "removeListener"));
  chat->remove_all_listeners();
  EXPECT_EQ(removed.size(), 3u);
  EXPECT_THAT(chat->event_names(), IsEmpty());
}

TEST_F(EventEmitterTest, takes_no_ticket_of_another_one) {
  Chat other;
  const Listener listener = other.on<"end">([] {});
  chat->on<"end">([] {});
  EXPECT_FALSE(chat->off(listener));
  EXPECT_FALSE(chat->off(Listener()));
  EXPECT_EQ(chat->listener_count<"end">(), 1u);
}

TEST_F(EventEmitterTest, refuses_an_empty_function) {
  EXPECT_THROW(chat->on<"end">(nullptr), std::invalid_argument);
  EXPECT_EQ(chat->listener_count<"end">(), 0u);
}

TEST_F(EventEmitterTest, warns_once_of_too_many_listeners) {
  EXPECT_EQ(chat->max_listeners(), 10u);
  chat->set_max_listeners(2);
  ::testing::internal::CaptureStderr();
  for (int count = 0; count < 5; ++count) chat->on<"end">([] {});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "contrail: possible EventEmitter memory leak: 3 listeners of \"end\" were added, the "
            "maximum is 2; set_max_listeners() raises it\n");
}

TEST_F(EventEmitterTest, never_warns_without_a_maximum) {
  chat->set_max_listeners(0);
  ::testing::internal::CaptureStderr();
  for (int count = 0; count < 20; ++count) chat->on<"end">([] {});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(EventEmitterTest, calls_listeners_in_the_context_of_whoever_emits) {
  AsyncLocalStorage<std::string> storage;
  storage.run("adder", [&] { chat->on<"end">([&] { heard.push_back(*storage.get_store()); }); });
  storage.run("emitter", [&] { chat->emit<"end">(); });
  EXPECT_THAT(heard, ElementsAre("emitter"));
}

TEST_F(EventEmitterTest, promises_the_next_event) {
  await_line();
  EXPECT_EQ(chat->listener_count<"line">(), 1u);
  EXPECT_EQ(chat->listener_count<"error">(), 1u);
  chat->emit<"line">("next");
  EXPECT_EQ(chat->listener_count<"line">(), 0u);
  EXPECT_EQ(chat->listener_count<"error">(), 0u);
  loop().run();
  EXPECT_THAT(heard, ElementsAre("next"));
}

TEST_F(EventEmitterTest, promises_several_arguments_as_a_tuple_and_none_as_nothing) {
  Promise<std::tuple<int, int>> moved = chat->next<"moved">();
  Promise<> ended = chat->next<"end">();
  chat->emit<"moved">(1, 2);
  chat->emit<"end">();
  moved.then([&](const std::tuple<int, int>& to) { EXPECT_EQ(to, std::tuple(1, 2)); }).detach();
  ended.then([&] { heard.push_back("end"); }).detach();
  loop().run();
  EXPECT_THAT(heard, ElementsAre("end"));
}

TEST_F(EventEmitterTest, promises_what_a_view_shows) {
  EventEmitter<Event<"line", std::string_view>> emitter;
  Promise<std::string> next = emitter.next<"line">();
  emitter.emit<"line">(std::string(100, 'x'));
  next.then([&](const std::string& line) { heard.push_back(line); }).detach();
  loop().run();
  EXPECT_THAT(heard, ElementsAre(std::string(100, 'x')));
}

TEST_F(EventEmitterTest, fails_a_promise_when_an_error_comes_first) {
  await_line();
  chat->emit<"error">(std::runtime_error("bad"));
  EXPECT_EQ(chat->listener_count<"line">(), 0u);
  loop().run();
  EXPECT_THAT(heard, ElementsAre("bad"));
}

TEST_F(EventEmitterTest, promises_an_error_that_is_asked_for) {
  Promise<std::runtime_error> error = chat->next<"error">();
  chat->emit<"error">(std::runtime_error("wanted"));
  error.then([&](const std::runtime_error& wanted) { heard.push_back(wanted.what()); }).detach();
  loop().run();
  EXPECT_THAT(heard, ElementsAre("wanted"));
}

TEST_F(EventEmitterTest, tells_each_of_many_who_are_cancelled_from_the_last_to_the_first) {
  chat->set_max_listeners(0);
  std::vector<std::stop_source> sources(1000);
  std::size_t canceled = 0;
  for (auto& source : sources) {
    chat->next<"line">(source.get_token())
        .catch_error([&] { return ++canceled, std::string(); })
        .detach();
  }
  for (auto source = sources.rbegin(); source != sources.rend(); ++source) source->request_stop();
  loop().run();
  EXPECT_EQ(canceled, sources.size());
  EXPECT_EQ(chat->listener_count<"error">(), 0u);
}

TEST_F(EventEmitterTest, tells_each_of_many_who_wait) {
  chat->set_max_listeners(0);
  constexpr int count = 1000;
  int told = 0;
  for (int i = 0; i < count; ++i) {
    chat->next<"line">().then([&](const std::string&) { ++told; }).detach();
  }
  chat->emit<"line">("hello");
  loop().run();
  EXPECT_EQ(told, count);
}

TEST_F(EventEmitterTest, cancels_a_next_one_of_whose_listeners_is_gone) {
  std::stop_source source;
  auto next = chat->next<"line">(source.get_token());
  chat->remove_all_listeners<"line">();
  EXPECT_TRUE(next.pending()) << "an error may still come";
  source.request_stop();
  EXPECT_EQ(chat->listener_count<"error">(), 0u);
  next.catch_error([&](std::exception_ptr error) { return heard.push_back(text_of(error)), ""; })
      .detach();
  loop().run();
  EXPECT_THAT(heard, ElementsAre(HasSubstr("ECANCELED")));
}

TEST_F(EventEmitterTest, breaks_its_promises_when_it_goes) {
  await_line();
  chat.reset();
  loop().run();
  EXPECT_THAT(heard, ElementsAre(HasSubstr("roken promise")));
}

// --- as a resource ------------------------------------------------------------------------------

using Query = EventEmitterAsyncResource<Event<"row">, Event<"error", std::runtime_error>>;

class EventEmitterAsyncResourceTest : public LoopTest {
 protected:
  Trace trace;
};

TEST_F(EventEmitterAsyncResourceTest, runs_all_listeners_in_one_scope_of_its_own) {
  std::optional<Query> query(std::in_place, "Query");
  query->on<"row">([&] {
    EXPECT_EQ(execution_async_id(), query->async_id());
    trace.note("one");
  });
  query->on<"row">([&] { trace.note("two"); });
  query->emit<"row">();
  query.reset();
  loop().run();
  EXPECT_EQ(trace.text(), "+Query1(t=root) >Query1 [one] [two] <Query1 xQuery1");
}

TEST_F(EventEmitterAsyncResourceTest, has_a_scope_even_if_nobody_listens) {
  Query query("Query");
  EXPECT_FALSE(query.emit<"row">());
  EXPECT_EQ(trace.take(), "+Query1(t=root) >Query1 <Query1");
}

TEST_F(EventEmitterAsyncResourceTest, throws_an_unheard_error_out_of_its_scope) {
  Query query("Query");
  EXPECT_THROW(query.emit<"error">(std::runtime_error("bad")), std::runtime_error);
  EXPECT_EQ(trace.take(), "+Query1(t=root) >Query1 <Query1");
  EXPECT_EQ(execution_async_id(), root_async_id);
}

TEST_F(EventEmitterAsyncResourceTest, has_the_ids_it_is_given) {
  const AsyncResource other("Other");
  const Query query("Query", {.trigger_async_id = other.async_id()});
  EXPECT_EQ(query.trigger_async_id(), other.async_id());
  EXPECT_EQ(query.async_id(), query.async_resource().async_id());
  EXPECT_EQ(query.async_resource().type(), "Query");
}

TEST_F(EventEmitterAsyncResourceTest, may_be_emitted_after_its_destroy) {
  Query query("Query");
  query.emit_destroy();
  query.on<"row">([&] { trace.note("row"); });
  query.emit<"row">();
  loop().run();
  EXPECT_EQ(trace.take(), "+Query1(t=root) >Query1 [row] <Query1 xQuery1");
}

TEST_F(EventEmitterAsyncResourceTest, calls_listeners_in_the_context_it_was_made_in) {
  AsyncLocalStorage<int> storage;
  std::optional<Query> query;
  storage.run(1, [&] { query.emplace("Query"); });
  int seen = 0;
  query->on<"row">([&] { seen = *storage.get_store(); });
  storage.run(2, [&] { query->emit<"row">(); });
  EXPECT_EQ(seen, 1);
}

TEST_F(EventEmitterAsyncResourceTest, may_be_destroyed_by_a_listener) {
  std::optional<Query> query(std::in_place, "Query");
  query->on<"row">([&] {
    query.reset();
    trace.note("gone");
  });
  query->on<"row">([&] { trace.note("too late"); });
  query->emit<"row">();
  loop().run();
  EXPECT_EQ(trace.text(), "+Query1(t=root) >Query1 [gone] <Query1 xQuery1");
}

}  // namespace
}  // namespace contrail
