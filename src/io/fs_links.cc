// Names of files, and links to them.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "contrail/fs.h"
#include "src/io/fs_request.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

/// A system call that takes two paths.
struct CallOnTwo {
  void operator()(const fs::Path& from) const {
    checked(
        name, [&] { return call(from.c_str(), to.c_str()); }, from, to);
  }

  std::string_view name;
  int (*call)(const char*, const char*);
  fs::Path to;
};

fs::Path target_of(const fs::Path& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = checked(
      "readlink", [&] { return ::readlink(path.c_str(), target.data(), target.size()); }, path);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

fs::Path real_path_of(const fs::Path& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  if (!real) fail("realpath", path);
  return fs::Path(real.get());
}

void unlink_it(const fs::Path& path) {
  checked(
      "unlink", [&] { return ::unlink(path.c_str()); }, path);
}

}  // namespace
}  // namespace detail

namespace fs {

void rename(Path from, Path to, Callback<void> fn, CreationSite site) {
  detail::CallOnTwo work{"rename", ::rename, to};
  detail::start("rename", std::move(from), to, std::move(work), std::move(fn), site);
}

void remove(Path path, Callback<void> fn, CreationSite site) {
  detail::start("remove", std::move(path), detail::unlink_it, std::move(fn), site);
}

void link(Path existing, Path name, Callback<void> fn, CreationSite site) {
  detail::CallOnTwo work{"link", ::link, name};
  detail::start("link", std::move(existing), name, std::move(work), std::move(fn), site);
}

void symlink(Path target, Path name, Callback<void> fn, CreationSite site) {
  detail::CallOnTwo work{"symlink", ::symlink, name};
  detail::start("symlink", std::move(target), name, std::move(work), std::move(fn), site);
}

void read_link(Path path, Callback<Path> fn, CreationSite site) {
  detail::start("read_link", std::move(path), detail::target_of, std::move(fn), site);
}

void real_path(Path path, Callback<Path> fn, CreationSite site) {
  detail::start("real_path", std::move(path), detail::real_path_of, std::move(fn), site);
}

Promise<void> rename(Path from, Path to, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("rename", std::move(stop), site, rename, std::move(from),
                                std::move(to));
}

Promise<void> remove(Path path, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("remove", std::move(stop), site, remove, std::move(path));
}

Promise<void> link(Path existing, Path name, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("link", std::move(stop), site, link, std::move(existing),
                                std::move(name));
}

Promise<void> symlink(Path target, Path name, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("symlink", std::move(stop), site, symlink, std::move(target),
                                std::move(name));
}

Promise<Path> read_link(Path path, std::stop_token stop, CreationSite site) {
  return detail::promised<Path>("read_link", std::move(stop), site, read_link, std::move(path));
}

Promise<Path> real_path(Path path, std::stop_token stop, CreationSite site) {
  return detail::promised<Path>("real_path", std::move(stop), site, real_path, std::move(path));
}

}  // namespace fs
}  // namespace contrail::inline v0
