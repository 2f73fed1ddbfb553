// The promise forms of File's operations: each is its callback form.

#include "contrail/file.h"
#include "src/io/file_state.h"

namespace contrail::inline v0 {

using detail::promised;

Promise<File> File::open(const fs::Path& path, OpenOptions options, std::stop_token stop,
                         CreationSite site) {
  const std::string subject = path.string();
  return promised<File>({std::move(stop), site, "open", subject},
                        [&](Callback<File> fn) { open(path, options, std::move(fn), site); });
}

Promise<std::string> File::read(std::size_t size_max, std::stop_token stop, CreationSite site) {
  return promised<std::string>(
      state().waiting("read", std::move(stop), site),
      [&](Callback<std::string> fn) { read(size_max, std::move(fn), site); });
}

Promise<std::string> File::read_at(std::uint64_t position, std::size_t size_max,
                                   std::stop_token stop, CreationSite site) {
  return promised<std::string>(
      state().waiting("read", std::move(stop), site),
      [&](Callback<std::string> fn) { read_at(position, size_max, std::move(fn), site); });
}

Promise<std::size_t> File::read(std::span<std::byte> buffer, std::stop_token stop,
                                CreationSite site) {
  return promised<std::size_t>(
      state().waiting("read", std::move(stop), site),
      [&](Callback<std::size_t> fn) { read(buffer, std::move(fn), site); });
}

Promise<std::size_t> File::read_at(std::uint64_t position, std::span<std::byte> buffer,
                                   std::stop_token stop, CreationSite site) {
  return promised<std::size_t>(
      state().waiting("read", std::move(stop), site),
      [&](Callback<std::size_t> fn) { read_at(position, buffer, std::move(fn), site); });
}

Promise<void> File::write(std::string data, std::stop_token stop, CreationSite site) {
  return promised<void>(state().waiting("write", std::move(stop), site),
                        [&](Callback<void> fn) { write(std::move(data), std::move(fn), site); });
}

Promise<void> File::write_at(std::uint64_t position, std::string data, std::stop_token stop,
                             CreationSite site) {
  return promised<void>(state().waiting("write", std::move(stop), site), [&](Callback<void> fn) {
    write_at(position, std::move(data), std::move(fn), site);
  });
}

Promise<void> File::writev(std::vector<std::string> parts, std::stop_token stop,
                           CreationSite site) {
  return promised<void>(state().waiting("write", std::move(stop), site),
                        [&](Callback<void> fn) { writev(std::move(parts), std::move(fn), site); });
}

Promise<void> File::writev_at(std::uint64_t position, std::vector<std::string> parts,
                              std::stop_token stop, CreationSite site) {
  return promised<void>(state().waiting("write", std::move(stop), site), [&](Callback<void> fn) {
    writev_at(position, std::move(parts), std::move(fn), site);
  });
}

Promise<fs::Stat> File::stat(std::stop_token stop, CreationSite site) {
  return promised<fs::Stat>(state().waiting("stat", std::move(stop), site),
                            [&](Callback<fs::Stat> fn) { stat(std::move(fn), site); });
}

Promise<void> File::truncate(std::uint64_t size, std::stop_token stop, CreationSite site) {
  return promised<void>(state().waiting("truncate", std::move(stop), site),
                        [&](Callback<void> fn) { truncate(size, std::move(fn), site); });
}

Promise<void> File::sync(std::stop_token stop, CreationSite site) {
  return promised<void>(state().waiting("sync", std::move(stop), site),
                        [&](Callback<void> fn) { sync(std::move(fn), site); });
}

Promise<void> File::datasync(std::stop_token stop, CreationSite site) {
  return promised<void>(state().waiting("datasync", std::move(stop), site),
                        [&](Callback<void> fn) { datasync(std::move(fn), site); });
}

Promise<void> File::close(CreationSite site) {
  return promised<void>(state().waiting("close", {}, site),
                        [&](Callback<void> fn) { close(std::move(fn), site); });
}

}  // namespace contrail::inline v0
