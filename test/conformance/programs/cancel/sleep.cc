// Sleeps that are cancelled: before they begin, while they last, and when they are over.
#include <stop_token>

#include "contrail/async_local_storage.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;
using namespace std::chrono_literals;

namespace {

class Program {
 public:
  void run() {
    early_.request_stop();
    storage_.run("early", [this] { doze(100s, early_.get_token()).detach(); });
    say("called");
    storage_.run("during", [this] { doze(100s, during_.get_token()).detach(); });
    storage_.run("stopper", [this] { set_immediate([this] { stop(); }); });
    loop_.run();
    trace_.print();
  }

 private:
  void note(std::string_view what) { say(fmt::format("{} in {}", what, *storage_.get_store())); }

  Promise<> doze(std::chrono::milliseconds time, std::stop_token token) {
    try {
      co_await sleep(time, token);
      note("slept");
    } catch (const Error&) {
      note("cancelled");
    }
  }
  void stop() {
    next_tick([this] { note("tick"); });
    during_.request_stop();
    note("stopped");
    storage_.run("late", [this] { be_late().detach(); });
  }
  Promise<> be_late() {
    co_await doze(1ms, late_.get_token());
    late_.request_stop();
    note("stopped");
  }

  Loop loop_;
  ProgramTrace trace_;
  AsyncLocalStorage<std::string> storage_;
  std::stop_source early_, during_, late_;
};

}  // namespace

int main() { Program().run(); }
