// What is known of a file, and what may be done to it.

#include "contrail/fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "src/io/fs_request.h"
#include "src/io/fs_stat.h"

namespace contrail::inline v0 {
namespace detail {

fs::Time from_system(const timespec& time) noexcept {
  using namespace std::chrono;
  const auto since = seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
  return fs::Time(duration_cast<fs::Time::duration>(since));
}

timespec to_system(fs::Time time) noexcept {
  using namespace std::chrono;
  const auto whole = floor<seconds>(time);
  return {static_cast<std::time_t>(whole.time_since_epoch().count()),
          static_cast<long>(nanoseconds(time - whole).count())};
}

fs::FileType type_of(mode_t mode) noexcept {
  if (S_ISREG(mode)) return fs::FileType::file;
  if (S_ISDIR(mode)) return fs::FileType::directory;
  if (S_ISLNK(mode)) return fs::FileType::link;
  if (S_ISFIFO(mode)) return fs::FileType::fifo;
  if (S_ISSOCK(mode)) return fs::FileType::socket;
  if (S_ISCHR(mode)) return fs::FileType::character_device;
  if (S_ISBLK(mode)) return fs::FileType::block_device;
  return fs::FileType::unknown;
}

fs::Stat from_system(const struct ::stat& status) noexcept {
  return {.size = static_cast<std::uint64_t>(status.st_size),
          .mode = status.st_mode,
          .modified = from_system(status.st_mtim),
          .accessed = from_system(status.st_atim),
          .changed = from_system(status.st_ctim),
          .device = status.st_dev,
          .inode = status.st_ino,
          .links = status.st_nlink,
          .user = status.st_uid,
          .group = status.st_gid,
          .blocks = static_cast<std::uint64_t>(status.st_blocks)};
}

namespace {

fs::Stat stat_of(const std::string& path) {
  struct ::stat status;
  checked(
      "stat", [&] { return ::stat(path.c_str(), &status); }, path);
  return from_system(status);
}

fs::Stat lstat_of(const std::string& path) {
  struct ::stat status;
  checked(
      "lstat", [&] { return ::lstat(path.c_str(), &status); }, path);
  return from_system(status);
}

fs::FileSystem statfs_of(const std::string& path) {
  struct ::statfs status;
  checked(
      "statfs", [&] { return ::statfs(path.c_str(), &status); }, path);
  return {.type = static_cast<std::uint64_t>(status.f_type),
          .block_size = static_cast<std::uint64_t>(status.f_bsize),
          .blocks = status.f_blocks,
          .free_blocks = status.f_bfree,
          .available_blocks = status.f_bavail,
          .files = status.f_files,
          .free_files = status.f_ffree};
}

auto time_setter(std::string_view syscall, fs::Time accessed, fs::Time modified, int flags) {
  return [=](const std::string& path) {
    const timespec times[] = {to_system(accessed), to_system(modified)};
    checked(
        syscall, [&] { return ::utimensat(AT_FDCWD, path.c_str(), times, flags); }, path);
  };
}

auto owner_setter(std::string_view syscall, std::uint32_t user, std::uint32_t group, int flags) {
  return [=](const std::string& path) {
    checked(
        syscall, [&] { return ::fchownat(AT_FDCWD, path.c_str(), user, group, flags); }, path);
  };
}

}  // namespace
}  // namespace detail

namespace fs {

FileType Stat::type() const noexcept { return detail::type_of(mode); }
bool Stat::is_file() const noexcept { return S_ISREG(mode); }
bool Stat::is_directory() const noexcept { return S_ISDIR(mode); }
bool Stat::is_link() const noexcept { return S_ISLNK(mode); }

void stat(const Path& path, Callback<Stat> fn, CreationSite site) {
  detail::start("stat", path, detail::stat_of, std::move(fn), site);
}

void lstat(const Path& path, Callback<Stat> fn, CreationSite site) {
  detail::start("lstat", path, detail::lstat_of, std::move(fn), site);
}

void statfs(const Path& path, Callback<FileSystem> fn, CreationSite site) {
  detail::start("statfs", path, detail::statfs_of, std::move(fn), site);
}

void access(const Path& path, Access wanted, Callback<void> fn, CreationSite site) {
  auto work = [wanted](const std::string& what) {
    detail::checked(
        "access", [&] { return ::access(what.c_str(), static_cast<int>(wanted)); }, what);
  };
  detail::start("access", path, work, std::move(fn), site);
}

void chmod(const Path& path, Mode mode, Callback<void> fn, CreationSite site) {
  auto work = [mode](const std::string& what) {
    detail::checked(
        "chmod", [&] { return ::chmod(what.c_str(), mode); }, what);
  };
  detail::start("chmod", path, work, std::move(fn), site);
}

void chown(const Path& path, std::uint32_t user, std::uint32_t group, Callback<void> fn,
           CreationSite site) {
  auto work = detail::owner_setter("chown", user, group, 0);
  detail::start("chown", path, work, std::move(fn), site);
}

void lchown(const Path& path, std::uint32_t user, std::uint32_t group, Callback<void> fn,
            CreationSite site) {
  auto work = detail::owner_setter("lchown", user, group, AT_SYMLINK_NOFOLLOW);
  detail::start("lchown", path, work, std::move(fn), site);
}

void utimes(const Path& path, Time accessed, Time modified, Callback<void> fn, CreationSite site) {
  auto work = detail::time_setter("utime", accessed, modified, 0);
  detail::start("utimes", path, work, std::move(fn), site);
}

void lutimes(const Path& path, Time accessed, Time modified, Callback<void> fn, CreationSite site) {
  auto work = detail::time_setter("lutime", accessed, modified, AT_SYMLINK_NOFOLLOW);
  detail::start("lutimes", path, work, std::move(fn), site);
}

Promise<Stat> stat(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<Stat>("stat", std::move(stop), site, stat, path);
}

Promise<Stat> lstat(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<Stat>("lstat", std::move(stop), site, lstat, path);
}

Promise<FileSystem> statfs(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<FileSystem>("statfs", std::move(stop), site, statfs, path);
}

Promise<void> access(const Path& path, Access wanted, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("access", std::move(stop), site, access, path, wanted);
}

Promise<void> chmod(const Path& path, Mode mode, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("chmod", std::move(stop), site, chmod, path, mode);
}

Promise<void> chown(const Path& path, std::uint32_t user, std::uint32_t group, std::stop_token stop,
                    CreationSite site) {
  return detail::promised<void>("chown", std::move(stop), site, chown, path, user, group);
}

Promise<void> lchown(const Path& path, std::uint32_t user, std::uint32_t group,
                     std::stop_token stop, CreationSite site) {
  return detail::promised<void>("lchown", std::move(stop), site, lchown, path, user, group);
}

Promise<void> utimes(const Path& path, Time accessed, Time modified, std::stop_token stop,
                     CreationSite site) {
  return detail::promised<void>("utimes", std::move(stop), site, utimes, path, accessed, modified);
}

Promise<void> lutimes(const Path& path, Time accessed, Time modified, std::stop_token stop,
                      CreationSite site) {
  return detail::promised<void>("lutimes", std::move(stop), site, lutimes, path, accessed,
                                modified);
}

}  // namespace fs
}  // namespace contrail::inline v0
