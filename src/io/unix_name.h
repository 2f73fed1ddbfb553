#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <string_view>

namespace contrail::inline v0::detail {

/// The name of a Unix socket: a path, or, after a NUL, an abstract name.
class UnixName {
 public:
  explicit UnixName(std::string_view name) : name_(name) {}

  /// 0, or what keeps it from being one. libuv would cut it off in silence.
  int problem() const noexcept;
  bool is_abstract() const noexcept { return name_.starts_with('\0'); }
  const std::string& text() const noexcept { return name_; }
  const char* path() const noexcept { return name_.c_str(); }
  /// For errors: without NULs.
  std::string printable() const;

  /// libuv 1.44 knows paths only, as C strings: abstract names are bound and connected here. A new,
  /// non-blocking socket, with the call's result in status; negative if there is none.
  int bound(int& status) const noexcept { return socket_after(::bind, status); }
  int connected(int& status) const noexcept { return socket_after(::connect, status); }

 private:
  using Call = int (*)(int, const sockaddr*, socklen_t);
  int socket_after(Call call, int& status) const noexcept;

  std::string name_;
};

}  // namespace contrail::inline v0::detail
