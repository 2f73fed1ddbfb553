// Directories: what is in them, making and removing them.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "contrail/fs.h"
#include "src/io/dir_stream.h"
#include "src/io/fs_remove_all.h"
#include "src/io/fs_request.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

std::vector<fs::DirEntry> entries_of(const fs::Path& path) {
  DirStream directory(path);
  std::vector<fs::DirEntry> entries;
  while (auto entry = directory.next(path)) entries.push_back(std::move(*entry));
  std::sort(entries.begin(), entries.end(),
            [](const auto& one, const auto& other) { return one.name < other.name; });
  return entries;
}

void make_one(const fs::Path& path, fs::Mode mode) {
  checked(
      "mkdir", [&] { return ::mkdir(path.c_str(), mode); }, path);
}

bool leads_to_directory(const fs::Path& path) noexcept {
  struct ::stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// From the top, so that others may make or remove the same ones meanwhile.
void make_with_parents(const fs::Path& path, fs::Mode mode) {
  if (path.empty()) throw Error(UV_ENOENT, "mkdir");
  fs::Path so_far;
  for (auto part = path.begin(); part != path.end(); ++part) {
    if (part->empty()) break;  // A slash at the end.
    so_far /= *part;
    if (::mkdir(so_far.c_str(), mode) == 0) continue;
    const int failure = errno;
    // Which failure it is of one that exists depends on the file system.
    if (leads_to_directory(so_far)) continue;
    const auto next = std::next(part);
    const bool is_last = next == path.end() || next->empty();
    errno = failure == EEXIST && !is_last ? ENOTDIR : failure;
    fail("mkdir", so_far);
  }
}

fs::Path with_random_end(const fs::Path& prefix) { return prefix.native() + "XXXXXX"; }

fs::Path make_temporary_dir(const fs::Path& prefix) {
  std::string name = with_random_end(prefix).native();
  if (!::mkdtemp(name.data())) fail("mkdtemp", with_random_end(prefix));
  return name;
}

fs::Path make_temporary_file(const fs::Path& prefix) {
  std::string name = with_random_end(prefix).native();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) fail("mkstemp", with_random_end(prefix));
  ::close(descriptor);
  return name;
}

}  // namespace
}  // namespace detail

namespace fs {

void read_dir(const Path& path, Callback<std::vector<DirEntry>> fn, CreationSite site) {
  detail::start("read_dir", path, detail::entries_of, std::move(fn), site);
}

void make_dir(const Path& path, Mode mode, Callback<void> fn, CreationSite site) {
  auto work = [mode](const Path& what) { detail::make_one(what, mode); };
  detail::start("make_dir", path, work, std::move(fn), site);
}

void make_dirs(const Path& path, Mode mode, Callback<void> fn, CreationSite site) {
  auto work = [mode](const Path& what) { detail::make_with_parents(what, mode); };
  detail::start("make_dirs", path, work, std::move(fn), site);
}

void remove_dir(const Path& path, Callback<void> fn, CreationSite site) {
  auto work = [](const Path& what) {
    detail::checked(
        "rmdir", [&] { return ::rmdir(what.c_str()); }, what);
  };
  detail::start("remove_dir", path, work, std::move(fn), site);
}

void remove_all(const Path& path, Callback<void> fn, CreationSite site) {
  detail::start("remove_all", path, detail::remove_tree, std::move(fn), site);
}

void make_temp_dir(const Path& prefix, Callback<Path> fn, CreationSite site) {
  detail::start("make_temp_dir", prefix, detail::make_temporary_dir, std::move(fn), site);
}

void make_temp_file(const Path& prefix, Callback<Path> fn, CreationSite site) {
  detail::start("make_temp_file", prefix, detail::make_temporary_file, std::move(fn), site);
}

void make_dir(const Path& path, Callback<void> fn, CreationSite site) {
  make_dir(path, 0777, std::move(fn), site);
}

void make_dirs(const Path& path, Callback<void> fn, CreationSite site) {
  make_dirs(path, 0777, std::move(fn), site);
}

Promise<std::vector<DirEntry>> read_dir(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<std::vector<DirEntry>>("read_dir", std::move(stop), site, read_dir, path);
}

Promise<void> make_dir(const Path& path, Mode mode, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("make_dir", std::move(stop), site, make_dir, path, mode);
}

Promise<void> make_dirs(const Path& path, Mode mode, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("make_dirs", std::move(stop), site, make_dirs, path, mode);
}

Promise<void> remove_dir(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("remove_dir", std::move(stop), site, remove_dir, path);
}

Promise<void> remove_all(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("remove_all", std::move(stop), site, remove_all, path);
}

Promise<Path> make_temp_dir(const Path& prefix, std::stop_token stop, CreationSite site) {
  return detail::promised<Path>("make_temp_dir", std::move(stop), site, make_temp_dir, prefix);
}

Promise<Path> make_temp_file(const Path& prefix, std::stop_token stop, CreationSite site) {
  return detail::promised<Path>("make_temp_file", std::move(stop), site, make_temp_file, prefix);
}

}  // namespace fs
}  // namespace contrail::inline v0
