// A tree of directories: walked through entry by entry, and one of them read in chunks.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <filesystem>

using namespace contrail;

Promise<> make_tree(fs::Path top) {
  co_await fs::make_dirs(top / "src" / "io");
  co_await fs::write_file(top / "src" / "io" / "dir.cc", "// …");
}

Promise<> show_tree(fs::Path top) {
  fs::Walk walk = co_await fs::walk(top);
  while (auto entry = co_await walk.next()) {
    const std::string name = entry->path.lexically_relative(top).string();
    // Directories that cannot be opened do not end the walk.
    if (entry->error) fmt::print("{}: {}\n", name, entry->error->what());
    fmt::print("{}{}\n", name, entry->type == fs::FileType::directory ? "/" : "");
  }
}

Promise<> count_entries(fs::Path path) {
  Dir dir = co_await fs::open_dir(path);
  std::size_t count = 0;
  for (;;) {
    const std::vector<fs::DirEntry> chunk = co_await dir.read_chunk();
    if (chunk.empty()) break;
    count += chunk.size();
  }
  fmt::print("{} entry\n", count);
}

Promise<> program() {
  const fs::Path top = co_await fs::make_temp_dir(std::filesystem::temp_directory_path() / "walk-");
  co_await make_tree(top);
  co_await show_tree(top);
  co_await count_entries(top);
  co_await fs::remove_all(top);
}

int main() {
  Loop loop;
  program().detach();
  loop.run();
}
