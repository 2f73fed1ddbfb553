// A child that says something on each of its outputs and closes it, then ends with a code. Each
// step waits for the one before, as everything that ends at once ends in the kernel's order.
#include "contrail/async_local_storage.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/process.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

constexpr const char* command =
    "read a; echo \"out $a\"; exec >&-; read b; echo \"err $b\" >&2; exec 2>&-; read c; exit 7";

class Program {
 public:
  void run() {
    storage_.run("spawn", [this] { start(); });
    loop_.run();
    trace_.print();
  }

 private:
  void note(std::string_view what) { say(fmt::format("{} in {}", what, *storage_.get_store())); }

  void start() {
    child_.emplace(Process::spawn(command, {},
                                  {.shell = true,
                                   .standard_input = ChildStdio::pipe,
                                   .standard_output = ChildStdio::pipe,
                                   .standard_error = ChildStdio::pipe}));
    child_->on_exit([this](ExitStatus status) {
      note(fmt::format("exit {} {}", status.code, status.signal ? "some" : "none"));
      input().close();
    });
    storage_.run("out", [this] { listen(child_->standard_output()); });
    child_->standard_output().on_close([this] { input().write("two\n", [](auto) {}); });
    storage_.run("err", [this] { listen(child_->standard_error()); });
    child_->standard_error().on_close([this] { input().write("three\n", [](auto) {}); });
    input().write("one\n", [](auto) {});
  }

  Pipe& input() { return child_->standard_input(); }
  void listen(Pipe& from) {
    from.on_data([this, &from](Result<std::span<const std::byte>> chunk) {
      if (!chunk->empty()) return note(as_text(chunk->first(chunk->size() - 1)));
      // Node's streams take a tick from the last read to 'end'.
      next_tick([&from] { from.close(); });
    });
  }

  Loop loop_;
  ProgramTrace trace_;
  AsyncLocalStorage<std::string> storage_;
  std::optional<Process> child_;
};

}  // namespace

int main() { Program().run(); }
