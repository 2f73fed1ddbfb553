// A file that is looked at before it exists, when it does, and when it is gone; in which context.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "contrail/async_local_storage.h"
#include "contrail/fs_watcher.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  std::string dir = (std::filesystem::temp_directory_path() / "contrail-XXXXXX").string();
  if (!::mkdtemp(dir.data())) return 1;
  const std::string file = dir + "/file";
  Loop loop;
  AsyncLocalStorage<std::string> storage;
  ProgramTrace trace;
  std::optional<StatWatcher> watcher;
  storage.run("watcher", [&] { watcher.emplace(file, 20ms); });
  int step = 0;
  watcher->on_change([&](const fs::Stat& current, const fs::Stat& previous) {
    const std::string* store = storage.get_store();
    say(fmt::format("{} to {} in {}", previous.links, current.links, store ? *store : "none"));
    if (++step == 1) {
      std::ofstream(dir + "/prepared") << "text";
      std::filesystem::rename(dir + "/prepared", file);
    } else if (step == 2) {
      ::unlink(file.c_str());
    } else {
      watcher.reset();
      ::rmdir(dir.c_str());
    }
  });
  loop.run();
  trace.print();
}
