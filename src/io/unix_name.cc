#include "src/io/unix_name.h"

#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace contrail::inline v0::detail {

namespace {
constexpr std::size_t room = sizeof(sockaddr_un{}.sun_path);
}  // namespace

int UnixName::problem() const noexcept {
  if (name_.empty()) return UV_EINVAL;
  if (is_abstract()) return name_.size() > room ? UV_ENAMETOOLONG : 0;
  if (name_.find('\0') != name_.npos) return UV_EINVAL;
  return name_.size() >= room ? UV_ENAMETOOLONG : 0;  // The system wants the NUL, too.
}

std::string UnixName::printable() const {
  std::string text = name_;
  std::replace(text.begin(), text.end(), '\0', '@');
  return text;
}

int UnixName::socket_after(Call call, int& status) const noexcept {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    status = -errno;
    return UV_EBADF;
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(name_.begin(), name_.end(), address.sun_path);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
  status = call(descriptor, reinterpret_cast<const sockaddr*>(&address), size) < 0 ? -errno : 0;
  return descriptor;
}

}  // namespace contrail::inline v0::detail
