#include "contrail/fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "contrail/microtask.h"
#include "src/io/fs_request.h"
#include "src/io/promised.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

[[noreturn]] void fail(std::string_view syscall, const fs::Path& path) {
  throw Error(uv_translate_sys_error(errno), syscall, path.string());
}

/// An open file for the length of one operation on the pool.
class OpenFile {
 public:
  explicit OpenFile(const fs::Path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail("open", path);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { ::close(descriptor_); }
  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

std::string read_whole(const fs::Path& path) {
  constexpr std::size_t smallest_step = 4096;
  constexpr std::size_t largest_step = 1 << 20;
  constexpr std::size_t largest_file = 0x7fffffff;  // Node's limit.
  const Error too_large(UV_EFBIG, "read", path.string());
  OpenFile file(path);
  struct ::stat status;
  if (::fstat(file.descriptor(), &status) < 0) fail("fstat", path);
  if (status.st_size > static_cast<off_t>(largest_file)) throw too_large;
  std::string text;
  std::size_t size = 0;
  // Files of /proc say 0, others grow meanwhile: the size is a hint, the end is the end.
  std::size_t step = std::max(static_cast<std::size_t>(status.st_size) + 1, smallest_step);
  for (;;) {
    text.resize(size + step);
    const ssize_t count = ::read(file.descriptor(), text.data() + size, step);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", path);
    size += static_cast<std::size_t>(count);
    if (count == 0) break;
    if (size > largest_file) throw too_large;
    step = std::min(std::max(size, smallest_step), largest_step);
  }
  text.resize(size);
  return text;
}

fs::Stat stat_of(const fs::Path& path) {
  using namespace std::chrono;
  struct ::stat status;
  if (::stat(path.c_str(), &status) < 0) fail("stat", path);
  const auto modified = seconds(status.st_mtim.tv_sec) + nanoseconds(status.st_mtim.tv_nsec);
  return {static_cast<std::uint64_t>(status.st_size), status.st_mode,
          system_clock::time_point(duration_cast<system_clock::duration>(modified))};
}

template <class T, class Work>
void start(std::string_view operation, fs::Path path, Work work, Callback<T> fn) {
  if (path.native().find('\0') == std::string::npos) {
    return FsRequest<T, Work>::start(operation, std::move(path), work, std::move(fn));
  }
  Error refused(UV_EINVAL, operation, std::string(path.c_str()) + "\\0…");
  next_tick([fn = std::move(fn), refused = std::move(refused)]() mutable { fn(refused); });
}

}  // namespace
}  // namespace detail

namespace fs {

bool Stat::is_file() const noexcept { return S_ISREG(mode); }
bool Stat::is_directory() const noexcept { return S_ISDIR(mode); }

void read_file(Path path, Callback<std::string> fn) {
  detail::start("read_file", std::move(path), detail::read_whole, std::move(fn));
}

Promise<std::string> read_file(Path path) {
  return detail::promised<std::string>(
      [&](Callback<std::string> fn) { read_file(std::move(path), std::move(fn)); });
}

void stat(Path path, Callback<Stat> fn) {
  detail::start("stat", std::move(path), detail::stat_of, std::move(fn));
}

Promise<Stat> stat(Path path) {
  return detail::promised<Stat>([&](Callback<Stat> fn) { stat(std::move(path), std::move(fn)); });
}

}  // namespace fs
}  // namespace contrail::inline v0
