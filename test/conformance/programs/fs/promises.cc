// The same operations with callbacks and with promises, each in the context of its call.
#include <filesystem>

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
    storage_.run("callbacks", [this] { with_callbacks(); });
    loop_.run();
    trace_.print();
  }

 private:
  void note(std::string_view what) { say(fmt::format("{} in {}", what, *storage_.get_store())); }

  void with_callbacks() {
    fs::make_temp_dir(prefix_, [this](Result<fs::Path> made) {
      note("made");
      storage_.run("deeper", [this, top = *made] { look_and_remove(top); });
    });
  }
  void look_and_remove(const fs::Path& top) {
    fs::stat(top / "none", [this, top](Result<fs::Stat> found) {
      note(found.error().name());
      fs::remove_dir(top, [this](auto) {
        note("removed");
        storage_.run("promises", [this] { with_promises().detach(); });
      });
    });
  }

  Promise<> with_promises() {
    const fs::Path top = co_await fs::make_temp_dir(prefix_);
    note("made");
    co_await storage_.run("deeper", [&] { return look(top / "none"); });
    co_await fs::remove_dir(top);
    note("removed");
  }
  Promise<> look(fs::Path path) {
    try {
      co_await fs::stat(path);
    } catch (const Error& error) {
      note(error.name());
    }
  }

  Loop loop_;
  ProgramTrace trace_;
  AsyncLocalStorage<std::string> storage_;
  const fs::Path prefix_ = std::filesystem::temp_directory_path() / "contrail-";
};

}  // namespace

int main() { Program().run(); }
