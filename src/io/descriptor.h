#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "src/io/fs_request.h"

namespace contrail::inline v0::detail {

/// An open file, closed at the end of the scope. For the pool: closing may take its time.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, fs::Mode mode = 0)
      : number_(checked(
            "open", [&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }, path)) {}
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int number() const noexcept { return number_; }
  int release() noexcept { return std::exchange(number_, -1); }

  /// Closes it now, for those who want to know whether that works. Linux has closed it even then.
  void close(const std::string& path) {
    if (::close(release()) < 0 && errno != EINTR) fail("close", path);
  }

 private:
  int number_;
};

}  // namespace contrail::inline v0::detail
