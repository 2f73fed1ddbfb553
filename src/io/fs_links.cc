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
  void operator()(const std::string& from) const {
    checked(
        name, [&] { return call(from.c_str(), to.c_str()); }, from, to);
  }

  std::string_view name;
  int (*call)(const char*, const char*);
  std::string to;
};

fs::Path target_of(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = checked(
      "readlink", [&] { return ::readlink(path.c_str(), target.data(), target.size()); }, path);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

fs::Path real_path_of(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  if (!real) fail("realpath", path);
  return fs::Path(real.get());
}

void unlink_it(const std::string& path) {
  checked(
      "unlink", [&] { return ::unlink(path.c_str()); }, path);
}

}  // namespace
}  // namespace detail

namespace fs {

void rename(const Path& from, const Path& to, Callback<void> fn, CreationSite site) {
  detail::CallOnTwo work{"rename", ::rename, to.native()};
  detail::start("rename", from, to, std::move(work), std::move(fn), site);
}

void remove(const Path& path, Callback<void> fn, CreationSite site) {
  detail::start("remove", path, detail::unlink_it, std::move(fn), site);
}

void link(const Path& existing, const Path& name, Callback<void> fn, CreationSite site) {
  detail::CallOnTwo work{"link", ::link, name.native()};
  detail::start("link", existing, name, std::move(work), std::move(fn), site);
}

void symlink(const Path& target, const Path& name, Callback<void> fn, CreationSite site) {
  detail::CallOnTwo work{"symlink", ::symlink, name.native()};
  detail::start("symlink", target, name, std::move(work), std::move(fn), site);
}

void read_link(const Path& path, Callback<Path> fn, CreationSite site) {
  detail::start("read_link", path, detail::target_of, std::move(fn), site);
}

void real_path(const Path& path, Callback<Path> fn, CreationSite site) {
  detail::start("real_path", path, detail::real_path_of, std::move(fn), site);
}

Promise<void> rename(const Path& from, const Path& to, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("rename", std::move(stop), site, rename, from, to);
}

Promise<void> remove(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<void>("remove", std::move(stop), site, remove, path);
}

Promise<void> link(const Path& existing, const Path& name, std::stop_token stop,
                   CreationSite site) {
  return detail::promised<void>("link", std::move(stop), site, link, existing, name);
}

Promise<void> symlink(const Path& target, const Path& name, std::stop_token stop,
                      CreationSite site) {
  return detail::promised<void>("symlink", std::move(stop), site, symlink, target, name);
}

Promise<Path> read_link(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<Path>("read_link", std::move(stop), site, read_link, path);
}

Promise<Path> real_path(const Path& path, std::stop_token stop, CreationSite site) {
  return detail::promised<Path>("real_path", std::move(stop), site, real_path, path);
}

}  // namespace fs
}  // namespace contrail::inline v0
