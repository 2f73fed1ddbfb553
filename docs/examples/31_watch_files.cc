// Two ways to hear of changes to files: as the system tells them, and by looking again and again.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <filesystem>

using namespace contrail;
using namespace std::chrono_literals;

Promise<> as_they_happen(const fs::Path& dir) {
  FsWatcher watcher(dir);
  Promise<FsEvent> next = watcher.wait();  // Ahead of the change, not to miss it.
  co_await fs::make_dir(dir / "reports");
  const FsEvent event = co_await next;
  fmt::print("{} {}\n", event.kind == FsChange::rename ? "rename" : "change", event.name);
}

Promise<> by_looking(const fs::Path& dir) {
  co_await fs::write_file(dir / "prepared", "new list\n");
  StatWatcher watcher(dir / "list", 10ms);
  co_await watcher.wait();
  fmt::print("there is no list\n");

  Promise<StatChange> next = watcher.wait();
  co_await fs::rename(dir / "prepared", dir / "list");
  const StatChange change = co_await next;
  fmt::print("from {} to {} bytes\n", change.previous.size, change.current.size);
}

Promise<> watch(fs::Path prefix) {
  const fs::Path dir = co_await fs::make_temp_dir(std::move(prefix));
  co_await as_they_happen(dir);
  co_await by_looking(dir);
  co_await fs::remove_all(dir);
}

int main() {
  Loop loop;
  watch(std::filesystem::temp_directory_path() / "contrail-31-").detach();
  loop.run();

  try {
    FsWatcher watcher("/nowhere");
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }
}
