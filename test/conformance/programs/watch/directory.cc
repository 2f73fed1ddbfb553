// A directory whose entries come, change and go.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "contrail/fs_watcher.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  std::string dir = (std::filesystem::temp_directory_path() / "contrail-XXXXXX").string();
  if (!::mkdtemp(dir.data())) return 1;
  const std::string entry = dir + "/entry";
  const std::string other = dir + ".other";
  std::ofstream{other};
  Loop loop;
  ProgramTrace trace;
  FsWatcher watcher(dir);
  int step = 0;
  watcher.on_change([&](FsChange kind, std::string_view name) {
    say(fmt::format("{} {}", kind == FsChange::rename ? "rename" : "change", name));
    if (++step == 1) {
      ::chmod(entry.c_str(), 0600);
    } else if (step == 2) {
      ::unlink(entry.c_str());
    } else {
      watcher.close();
      ::rmdir(dir.c_str());
      ::unlink(other.c_str());
    }
  });
  if (::link(other.c_str(), entry.c_str()) < 0) return 1;
  loop.run();
  trace.print();
}
