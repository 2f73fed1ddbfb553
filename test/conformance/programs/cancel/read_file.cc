// Files whose reading is cancelled: before it begins, when it is over, and while it lasts.
#include <stop_token>

#include "contrail/async_local_storage.h"
#include "contrail/fs.h"
#include "contrail/loop.h"
#include "contrail/promise.h"
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

  Promise<> read(std::stop_token token) {
    try {
      co_await fs::read_file("/etc/passwd", token);
      note("read");
    } catch (const Error&) {
      note("cancelled");
    }
  }
  Promise<> all() {
    std::stop_source early, during, late;
    early.request_stop();
    co_await storage_.run("early", [&] { return read(early.get_token()); });

    co_await storage_.run("late", [&] { return read(late.get_token()); });
    late.request_stop();
    say("stopped");

    auto reading = storage_.run("during", [&] { return read(during.get_token()); });
    storage_.run("stopper", [&] { during.request_stop(); });
    co_await reading;
  }

  Loop loop_;
  ProgramTrace trace_;
  AsyncLocalStorage<std::string> storage_;
};

}  // namespace

int main() { Program().run(); }
