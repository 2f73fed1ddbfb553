// What listeners hear, in which order, and as whom.
#include <optional>

#include "contrail/async_local_storage.h"
#include "contrail/event_emitter.h"
#include "contrail/execution.h"
#include "contrail/loop.h"
#include "contrail/timers.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

using Plain = EventEmitter<Event<"a", std::string>, Event<"b">, Event<"c", std::string>,
                           Event<"error", std::runtime_error>>;
using Query = EventEmitterAsyncResource<Event<"row">, Event<"nothing">, Event<"bad">>;
using Storage = AsyncLocalStorage<std::string>;

void order(Plain& plain) {
  const auto count = [&plain] { return plain.listener_count<"a">(); };
  plain.on<"newListener">([count](std::string_view event, Listener) {
    say(fmt::format("new {}, of {}", event, count()));
  });
  plain.on<"removeListener">([count](std::string_view event, Listener) {
    say(fmt::format("removed {}, of {}", event, count()));
  });
  const Listener first =
      plain.on<"a">([](const std::string& text) { say(fmt::format("first {}", text)); });
  plain.once<"a">(
      [count](const std::string& text) { say(fmt::format("once {}, of {}", text, count())); });
  plain.prepend_listener<"a">([](const std::string& text) { say(fmt::format("ahead {}", text)); });
  plain.prepend_once_listener<"a">(
      [](const std::string& text) { say(fmt::format("once ahead {}", text)); });
  say(fmt::format("emitted {}", plain.emit<"a">("1")));
  say(fmt::format("emitted {}", plain.emit<"a">("2")));
  say(fmt::format("emitted {}", plain.emit<"b">()));
  plain.off(first);
}

void meanwhile(Plain& plain) {
  plain.once<"a">([&plain](const std::string&) {
    plain.on<"a">([](const std::string& text) { say(fmt::format("added meanwhile {}", text)); });
  });
  plain.emit<"a">("3");
  plain.emit<"a">("4");
  plain.on<"a">([&plain, depth = 0](const std::string& text) mutable {
    if (depth++ < 1) plain.emit<"a">("inside " + text);
  });
  plain.once<"a">([](const std::string& text) { say(fmt::format("once, reentrant {}", text)); });
  plain.emit<"a">("5");
  plain.remove_all_listeners<"a">();
}

void failures(Plain& plain) {
  plain.prepend_listener<"a">([](const std::string&) { throw std::runtime_error("thrown"); });
  try {
    plain.emit<"a">("6");
  } catch (const std::runtime_error& error) {
    say(fmt::format("caught {}", error.what()));
  }
  try {
    plain.emit<"error">(std::runtime_error("unheard"));
  } catch (const std::runtime_error& error) {
    say(fmt::format("caught {}", error.what()));
  }
  plain.remove_all_listeners();
  say(fmt::format("names {}", plain.event_names().size()));
}

void contexts(Plain& plain, Storage& storage) {
  const auto store = [&storage] { return *storage.get_store(); };
  storage.run("adder", [&] {
    plain.on<"a">([store](const std::string&) { say(fmt::format("plain in {}", store())); });
  });
  std::optional<Query> query;
  storage.run("maker", [&] { query.emplace("Query"); });
  query->on<"row">([&query, store] {
    say(fmt::format("row in {}, as itself: {}", store(),
                    execution_async_id() == query->async_id()));
  });
  query->on<"row">([] { AsyncResource("Query", {.require_manual_destroy = true}); });
  query->on<"bad">([] { throw std::runtime_error("bad row"); });
  storage.run("emitter", [&] {
    plain.emit<"a">("");
    query->emit<"row">();
    query->emit<"nothing">();
    try {
      query->emit<"bad">();
    } catch (const std::runtime_error& error) {
      say(fmt::format("caught {} in {}", error.what(), store()));
    }
    query->emit_destroy();
    query->emit<"row">();
  });
}

Promise<> wait_for_events(Plain& plain, Storage& storage) {
  const std::string next = co_await plain.next<"c">();
  say(fmt::format("next {} in {}", next, *storage.get_store()));
  try {
    co_await plain.next<"c">();
  } catch (const std::runtime_error& error) {
    say(fmt::format("failed {} in {}", error.what(), *storage.get_store()));
  }
  say(fmt::format("listeners {}, {}", plain.listener_count<"c">(),
                  plain.listener_count<"error">()));
}

}  // namespace

int main() {
  Loop loop;
  ProgramTrace trace;
  Plain plain;
  Storage storage;
  order(plain);
  meanwhile(plain);
  failures(plain);
  contexts(plain, storage);
  storage.run("waiter", [&] { wait_for_events(plain, storage).detach(); });
  plain.emit<"c">("one");
  set_timeout([&] { plain.emit<"error">(std::runtime_error("while waiting")); },
              std::chrono::milliseconds(1));
  loop.run();
  trace.print();
}
