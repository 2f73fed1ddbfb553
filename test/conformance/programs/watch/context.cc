// In which context a change is told, and the end of its watcher.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "contrail/async_local_storage.h"
#include "contrail/fs_watcher.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

AsyncLocalStorage<std::string> storage;

void note(std::string_view place) {
  const std::string* store = storage.get_store();
  say(fmt::format("{}: {}", place, store ? *store : "none"));
}

}  // namespace

int main() {
  std::string dir = (std::filesystem::temp_directory_path() / "contrail-XXXXXX").string();
  if (!::mkdtemp(dir.data())) return 1;
  const std::string entry = dir + "/entry";
  Loop loop;
  std::optional<FsWatcher> watcher;
  storage.run("made", [&] { watcher.emplace(dir); });
  storage.run("listening", [&] {
    watcher->on_change([&](FsChange, std::string_view) {
      note("change");
      ::rmdir(entry.c_str());
      storage.run("closing", [&] { watcher->close(); });
    });
    watcher->on_close([&] {
      note("close");
      ::rmdir(dir.c_str());
    });
  });
  storage.run("making", [&] { ::mkdir(entry.c_str(), 0755); });
  loop.run();
}
