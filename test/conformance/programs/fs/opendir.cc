// A directory that is opened, read entry by entry, and closed.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "contrail/dir.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

Promise<> program(fs::Path path) {
  Dir dir = co_await fs::open_dir(path);
  std::set<std::string> names;
  while (auto entry = co_await dir.read()) names.insert(entry->name);
  say(fmt::format("{}", fmt::join(names, " ")));
  co_await dir.close();
  try {
    co_await fs::open_dir("/nowhere");
  } catch (const Error& error) {
    say(fmt::format("{} {}: {}", error.syscall(), error.subject(), error.name()));
  }
}

}  // namespace

int main() {
  std::string path = std::filesystem::temp_directory_path() / "contrail-opendir-XXXXXX";
  ::mkdtemp(path.data());
  for (const char* name : {"one", "two"}) std::ofstream(path + "/" + name) << "";
  Loop loop;
  ProgramTrace trace;
  program(path).detach();
  loop.run();
  trace.print();
  std::filesystem::remove_all(path);
}
