// Directories and what is in them. An operation that fails says which call failed on which path.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <filesystem>

using namespace contrail;

Promise<> tour(fs::Path prefix) {
  const fs::Path top = co_await fs::make_temp_dir(std::move(prefix));
  co_await fs::make_dirs(top / "2026" / "may");
  co_await fs::write_file(top / "notes", "first\n");
  co_await fs::append_file(top / "notes", "second\n");
  co_await fs::copy_file(top / "notes", top / "2026" / "copy");
  co_await fs::symlink("notes", top / "newest");

  for (const fs::DirEntry& entry : co_await fs::read_dir(top)) {
    const char* what = entry.is_directory() ? "a directory" : entry.is_link() ? "a link" : "a file";
    fmt::print("{} is {}\n", entry.name, what);
  }
  fmt::print("{}", co_await fs::read_file(top / "2026" / "copy"));
  co_await fs::remove_all(top);
}

int main() {
  Loop loop;
  tour(std::filesystem::temp_directory_path() / "contrail-24-").detach();
  loop.run();

  fs::make_dirs("/dev/null/a/b", [](Result<void> made) {
    if (!made) fmt::print("{}\n", made.error().what());
  });
  loop.run();
}
