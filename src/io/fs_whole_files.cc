// Files from their beginning to their end, in one operation.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "contrail/fs.h"
#include "src/io/descriptor.h"
#include "src/io/fs_request.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

std::string read_whole(const std::string& path) {
  constexpr std::size_t smallest_step = 4096;
  constexpr std::size_t largest_step = 1 << 20;
  constexpr std::size_t largest_file = 0x7fffffff;  // Node's limit.
  const Error too_large(UV_EFBIG, "read", path);
  Descriptor file(path, O_RDONLY);
  struct ::stat status;
  if (::fstat(file.number(), &status) < 0) fail("fstat", path);
  if (status.st_size > static_cast<off_t>(largest_file)) throw too_large;
  std::string text;
  std::size_t size = 0;
  // Files of /proc say 0, others grow meanwhile: the size is a hint, the end is the end.
  std::size_t step = std::max(static_cast<std::size_t>(status.st_size) + 1, smallest_step);
  for (;;) {
    text.resize(size + step);
    const ssize_t count = checked(
        "read", [&] { return ::read(file.number(), text.data() + size, step); }, path);
    size += static_cast<std::size_t>(count);
    if (count == 0) break;
    if (size > largest_file) throw too_large;
    step = std::min(std::max(size, smallest_step), largest_step);
  }
  text.resize(size);
  return text;
}

struct WriteWhole {
  void operator()(const std::string& path) const {
    const int exclusive = options.exclusive ? O_EXCL : 0;
    Descriptor file(path, O_WRONLY | O_CREAT | how | exclusive, options.mode);
    for (std::string_view rest = data; !rest.empty();) {
      const ssize_t count = checked(
          "write", [&] { return ::write(file.number(), rest.data(), rest.size()); }, path);
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    if (options.flush) {
      checked(
          "fsync", [&] { return ::fsync(file.number()); }, path);
    }
    file.close(path);  // Network file systems tell only now that the disk is full.
  }

  std::string data;
  fs::WriteOptions options;
  int how;  ///< O_TRUNC or O_APPEND.
};

}  // namespace
}  // namespace detail

namespace fs {

void read_file(const Path& path, Callback<std::string> fn, CreationSite site) {
  detail::start("read_file", path, detail::read_whole, std::move(fn), site);
}

void write_file(const Path& path, std::string data, WriteOptions options, Callback<void> fn,
                CreationSite site) {
  detail::WriteWhole work{std::move(data), options, O_TRUNC};
  detail::start("write_file", path, std::move(work), std::move(fn), site);
}

void append_file(const Path& path, std::string data, WriteOptions options, Callback<void> fn,
                 CreationSite site) {
  detail::WriteWhole work{std::move(data), options, O_APPEND};
  detail::start("append_file", path, std::move(work), std::move(fn), site);
}

void truncate(const Path& path, std::uint64_t size, Callback<void> fn, CreationSite site) {
  auto work = [size](const std::string& what) {
    if (size > std::numeric_limits<off_t>::max()) throw Error(UV_EFBIG, "truncate", what);
    detail::checked(
        "truncate", [&] { return ::truncate(what.c_str(), static_cast<off_t>(size)); }, what);
  };
  detail::start("truncate", path, work, std::move(fn), site);
}

void write_file(const Path& path, std::string data, Callback<void> fn, CreationSite site) {
  write_file(path, std::move(data), {}, std::move(fn), site);
}

void append_file(const Path& path, std::string data, Callback<void> fn, CreationSite site) {
  append_file(path, std::move(data), {}, std::move(fn), site);
}

Promise<std::string> read_file(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<std::string>("read_file", std::move(stop), site, read_file, path);
}

Promise<void> write_file(const Path& path, std::string data, WriteOptions options,
                         std::stop_token stop, CreationSite site) {
  return detail::promised<void>("write_file", std::move(stop), site, write_file, path,
                                std::move(data), options);
}

Promise<void> append_file(const Path& path, std::string data, WriteOptions options,
                          std::stop_token stop, CreationSite site) {
  return detail::promised<void>("append_file", std::move(stop), site, append_file, path,
                                std::move(data), options);
}

Promise<void> truncate(const Path& path, std::uint64_t size, std::stop_token stop,
                       CreationSite site) {
  return detail::promised<void>("truncate", std::move(stop), site, truncate, path, size);
}

}  // namespace fs
}  // namespace contrail::inline v0
