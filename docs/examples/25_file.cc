// A file that stays open: read and written in parts, piece by piece, and closed.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <filesystem>

using namespace contrail;

Promise<> write_lines(fs::Path path) {
  const OpenOptions fresh{.write = true, .create = true, .truncate = true};
  FileWriter writer(co_await File::open(std::move(path), fresh));
  for (int line = 1; line <= 1000; ++line) {
    // Waiting for each keeps the queue, and with it the memory, small.
    co_await writer.write(fmt::format("line {}\n", line));
  }
  co_await writer.close();
}

Promise<> read_lines(fs::Path path) {
  File file = co_await File::open(path);
  const fs::Stat stat = co_await file.stat();
  fmt::print("{} bytes, the last: {}", stat.size, co_await file.read_at(stat.size - 10, 10));
  co_await file.close();

  FileReader::Options options;
  options.chunk = 4096;
  FileReader reader(co_await File::open(path), options);
  std::size_t pieces = 0;
  while (!(co_await reader.read()).empty()) ++pieces;
  fmt::print("{} pieces\n", pieces);
}

Promise<> program(fs::Path path) {
  co_await write_lines(path);
  co_await read_lines(path);
  co_await fs::remove(path);
}

int main() {
  Loop loop;
  program(std::filesystem::temp_directory_path() / "contrail_25_file.txt").detach();
  loop.run();
}
