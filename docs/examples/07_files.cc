// Files are read on libuv's thread pool; the answer arrives on the loop, as a promise or in a
// callback.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <filesystem>
#include <fstream>

using namespace contrail;

Promise<> look_at(fs::Path path) {
  const fs::Stat stat = co_await fs::stat(path);
  fmt::print("{} bytes, {}\n", stat.size, stat.is_file() ? "a file" : "no file");
  fmt::print("{}", co_await fs::read_file(path));
}

int main() {
  const fs::Path path = std::filesystem::temp_directory_path() / "contrail_07_files.txt";
  std::ofstream(path) << "one line\n";

  Loop loop;
  look_at(path).detach();
  loop.run();

  fs::read_file("/nowhere", [](Result<std::string> text) {
    if (!text) return fmt::print("{}\n", text.error().what());
    fmt::print("{}", *text);
  });
  loop.run();
  std::filesystem::remove(path);
}
