// Events whose awaiting is cancelled: before it begins, while it lasts, and when it is over.
#include <stop_token>

#include "contrail/async_local_storage.h"
#include "contrail/event_emitter.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

class Program {
 public:
  void run() {
    all().detach();
    loop_.run();
    trace_.print();
  }

 private:
  void note(std::string_view what) { say(fmt::format("{} in {}", what, *storage_.get_store())); }
  void count() { say(fmt::format("listeners {}", chat_.listener_count<"line">())); }
  void emit(const std::string& line) { say(fmt::format("emitted {}", chat_.emit<"line">(line))); }

  Promise<> hear(std::stop_token token) {
    try {
      auto next = chat_.next<"line">(token);
      note("heard " + co_await next);
    } catch (const Error&) {
      note("cancelled");
    }
  }
  Promise<> all() {
    std::stop_source early, during, late;
    early.request_stop();
    co_await storage_.run("early", [&] { return hear(early.get_token()); });
    count();

    auto hearing = storage_.run("during", [&] { return hear(during.get_token()); });
    count();
    storage_.run("stopper", [&] { during.request_stop(); });
    count();
    emit("to nobody");
    co_await hearing;

    auto heard = storage_.run("late", [&] { return hear(late.get_token()); });
    storage_.run("emitter", [&] { emit("hello"); });
    late.request_stop();
    co_await heard;
  }

  Loop loop_;
  ProgramTrace trace_;
  AsyncLocalStorage<std::string> storage_;
  EventEmitter<Event<"line", std::string>> chat_;
};

}  // namespace

int main() { Program().run(); }
