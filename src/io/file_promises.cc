// The promise forms of File's operations: each is its callback form.

#include "contrail/file.h"
#include "src/io/fs_request.h"

namespace contrail::inline v0 {

using detail::promised;

Promise<File> File::open(fs::Path path, OpenOptions options) {
  return promised<File>([&](Callback<File> fn) { open(std::move(path), options, std::move(fn)); });
}

Promise<std::string> File::read(std::size_t size_max) {
  return promised<std::string>([&](Callback<std::string> fn) { read(size_max, std::move(fn)); });
}

Promise<std::string> File::read_at(std::uint64_t position, std::size_t size_max) {
  return promised<std::string>(
      [&](Callback<std::string> fn) { read_at(position, size_max, std::move(fn)); });
}

Promise<std::size_t> File::read(std::span<std::byte> buffer) {
  return promised<std::size_t>([&](Callback<std::size_t> fn) { read(buffer, std::move(fn)); });
}

Promise<std::size_t> File::read_at(std::uint64_t position, std::span<std::byte> buffer) {
  return promised<std::size_t>(
      [&](Callback<std::size_t> fn) { read_at(position, buffer, std::move(fn)); });
}

Promise<void> File::write(std::string data) {
  return promised<void>([&](Callback<void> fn) { write(std::move(data), std::move(fn)); });
}

Promise<void> File::write_at(std::uint64_t position, std::string data) {
  return promised<void>(
      [&](Callback<void> fn) { write_at(position, std::move(data), std::move(fn)); });
}

Promise<void> File::writev(std::vector<std::string> parts) {
  return promised<void>([&](Callback<void> fn) { writev(std::move(parts), std::move(fn)); });
}

Promise<void> File::writev_at(std::uint64_t position, std::vector<std::string> parts) {
  return promised<void>(
      [&](Callback<void> fn) { writev_at(position, std::move(parts), std::move(fn)); });
}

Promise<fs::Stat> File::stat() {
  return promised<fs::Stat>([&](Callback<fs::Stat> fn) { stat(std::move(fn)); });
}

Promise<void> File::truncate(std::uint64_t size) {
  return promised<void>([&](Callback<void> fn) { truncate(size, std::move(fn)); });
}

Promise<void> File::sync() {
  return promised<void>([&](Callback<void> fn) { sync(std::move(fn)); });
}

Promise<void> File::datasync() {
  return promised<void>([&](Callback<void> fn) { datasync(std::move(fn)); });
}

Promise<void> File::close() {
  return promised<void>([&](Callback<void> fn) { close(std::move(fn)); });
}

}  // namespace contrail::inline v0
