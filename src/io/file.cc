#include "contrail/file.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <limits>

#include "src/io/file_state.h"
#include "src/io/fs_stat.h"

namespace contrail::inline v0 {
namespace {

using detail::checked;

/// Where to read or write; none: where the file stands.
using Position = std::optional<std::uint64_t>;

constexpr std::uint64_t offset_max = std::numeric_limits<off_t>::max();

/// Whether the operation ends before the largest position there is.
bool fits(Position position, std::size_t size) noexcept {
  return size <= offset_max && position.value_or(0) <= offset_max - size;
}

int flags_of(const OpenOptions& options) noexcept {
  const bool writes = options.write || options.append;
  int flags = !writes ? O_RDONLY : options.read ? O_RDWR : O_WRONLY;
  if (options.append) flags |= O_APPEND;
  if (options.create) flags |= O_CREAT;
  if (options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  return flags;
}

struct OpenIt {
  detail::Descriptor operator()(const std::string& path) const {
    if (options.exclusive && !options.create) throw Error(UV_EINVAL, "open", path);
    return detail::Descriptor(path, flags_of(options), options.mode);
  }
  Result<File> finish(Result<detail::Descriptor> opened, const fs::Details& details) const {
    if (!opened) return opened.error();
    return File::State::make(*std::move(opened), details.path, site);
  }

  OpenOptions options;
  CreationSite site;
};

struct ReadText {
  std::string operator()(int file, const std::string& path) const {
    constexpr std::size_t at_once_max = 0x7ffff000;  // Linux reads no more at once.
    std::string text(std::min(size_max, at_once_max), '\0');
    const auto call = [&] {
      return position ? ::pread(file, text.data(), text.size(), static_cast<off_t>(*position))
                      : ::read(file, text.data(), text.size());
    };
    text.resize(static_cast<std::size_t>(checked("read", call, path)));
    return text;
  }

  Position position;
  std::size_t size_max;
};

/// By way of a text of its own: the caller's buffer may go with the File while the pool reads.
struct ReadBytes {
  std::string operator()(int file, const std::string& path) const { return text(file, path); }
  Result<std::size_t> finish(Result<std::string> read) const {
    if (!read) return read.error();
    std::copy_n(read->data(), read->size(), reinterpret_cast<char*>(buffer.data()));
    return read->size();
  }

  static constexpr bool borrows = true;

  ReadText text;
  std::span<std::byte> buffer;
};

/// Moves on by what was written; true if there is more.
bool skip(std::span<iovec>& rest, std::size_t written) noexcept {
  while (!rest.empty() && written >= rest.front().iov_len) {
    written -= rest.front().iov_len;
    rest = rest.subspan(1);
  }
  if (rest.empty()) return false;
  rest.front().iov_base = static_cast<char*>(rest.front().iov_base) + written;
  rest.front().iov_len -= written;
  return true;
}

struct WriteParts {
  void operator()(int file, const std::string& path) {
    std::vector<iovec> pieces;
    for (std::string& part : parts) pieces.push_back({part.data(), part.size()});
    std::span<iovec> rest = pieces;
    off_t next = static_cast<off_t>(position.value_or(0));
    for (bool more = skip(rest, 0); more;) {
      const int count = static_cast<int>(std::min<std::size_t>(rest.size(), IOV_MAX));
      const auto call = [&] {
        return position ? ::pwritev(file, rest.data(), count, next)
                        : ::writev(file, rest.data(), count);
      };
      const ssize_t written = checked("write", call, path);
      next += written;
      more = skip(rest, static_cast<std::size_t>(written));
    }
  }

  Position position;
  std::vector<std::string> parts;
};

/// A system call on the descriptor alone.
struct CallOnFile {
  void operator()(int file, const std::string& path) const {
    checked(
        name, [&] { return call(file); }, path);
  }

  std::string_view name;
  int (*call)(int);
};

void start_read(File::State& file, Position position, std::size_t size_max,
                Callback<std::string> fn, CreationSite site) {
  if (!fits(position, size_max)) return file.refuse(UV_EINVAL, "read", std::move(fn), site);
  file.start("read", ReadText{position, size_max}, std::move(fn), site);
}

void start_read(File::State& file, Position position, std::span<std::byte> buffer,
                Callback<std::size_t> fn, CreationSite site) {
  if (!fits(position, buffer.size())) return file.refuse(UV_EINVAL, "read", std::move(fn), site);
  file.start("read", ReadBytes{{position, buffer.size()}, buffer}, std::move(fn), site);
}

void start_write(File::State& file, Position position, std::vector<std::string> parts,
                 Callback<void> fn, CreationSite site) {
  std::size_t size = 0;
  for (const std::string& part : parts) size += part.size();
  if (!fits(position, size)) return file.refuse(UV_EINVAL, "write", std::move(fn), site);
  file.start("write", WriteParts{position, std::move(parts)}, std::move(fn), site);
}

std::vector<std::string> only(std::string data) {
  std::vector<std::string> parts;
  parts.push_back(std::move(data));
  return parts;
}

}  // namespace

void File::CloseState::operator()(State* state) const noexcept { state->let_go(); }

File::State& File::state() const { return detail::in_use(state_.get(), "File"); }

bool File::is_open() const noexcept { return state_ && state_->is_open(); }

AsyncId File::async_id() const noexcept {
  return state_ ? state_->its_resource.async_id() : no_async_id;
}

int File::descriptor() const noexcept { return is_open() ? state_->descriptor : -1; }

void File::open(const fs::Path& path, OpenOptions options, Callback<File> fn, CreationSite site) {
  detail::start("open", path, OpenIt{options, site}, std::move(fn), site);
}

void File::read(std::size_t size_max, Callback<std::string> fn, CreationSite site) {
  start_read(state(), std::nullopt, size_max, std::move(fn), site);
}

void File::read_at(std::uint64_t position, std::size_t size_max, Callback<std::string> fn,
                   CreationSite site) {
  start_read(state(), position, size_max, std::move(fn), site);
}

void File::read(std::span<std::byte> buffer, Callback<std::size_t> fn, CreationSite site) {
  start_read(state(), std::nullopt, buffer, std::move(fn), site);
}

void File::read_at(std::uint64_t position, std::span<std::byte> buffer, Callback<std::size_t> fn,
                   CreationSite site) {
  start_read(state(), position, buffer, std::move(fn), site);
}

void File::write(std::string data, Callback<void> fn, CreationSite site) {
  start_write(state(), std::nullopt, only(std::move(data)), std::move(fn), site);
}

void File::write_at(std::uint64_t position, std::string data, Callback<void> fn,
                    CreationSite site) {
  start_write(state(), position, only(std::move(data)), std::move(fn), site);
}

void File::writev(std::vector<std::string> parts, Callback<void> fn, CreationSite site) {
  start_write(state(), std::nullopt, std::move(parts), std::move(fn), site);
}

void File::writev_at(std::uint64_t position, std::vector<std::string> parts, Callback<void> fn,
                     CreationSite site) {
  start_write(state(), position, std::move(parts), std::move(fn), site);
}

void File::stat(Callback<fs::Stat> fn, CreationSite site) {
  auto op = [](int file, const std::string& path) {
    struct ::stat status;
    checked(
        "fstat", [&] { return ::fstat(file, &status); }, path);
    return detail::from_system(status);
  };
  state().start("stat", op, std::move(fn), site);
}

void File::truncate(std::uint64_t size, Callback<void> fn, CreationSite site) {
  if (!fits(size, 0)) return state().refuse(UV_EINVAL, "ftruncate", std::move(fn), site);
  auto op = [size](int file, const std::string& path) {
    checked(
        "ftruncate", [&] { return ::ftruncate(file, static_cast<off_t>(size)); }, path);
  };
  state().start("truncate", op, std::move(fn), site);
}

void File::sync(Callback<void> fn, CreationSite site) {
  state().start("sync", CallOnFile{"fsync", ::fsync}, std::move(fn), site);
}

void File::datasync(Callback<void> fn, CreationSite site) {
  state().start("datasync", CallOnFile{"fdatasync", ::fdatasync}, std::move(fn), site);
}

void File::close(Callback<void> fn, CreationSite site) { state().close(std::move(fn), site); }

}  // namespace contrail::inline v0
