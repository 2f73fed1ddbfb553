#include "hooks/trace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "contrail/error.h"

namespace contrail::inline v0::hooks {

TraceFile::TraceFile(const std::filesystem::path& path)
    : path_(path.string()),
      fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)),
      owner_(::getpid()) {
  if (fd_ < 0) throw Error(-errno, "open", path_);
  // The end is written over and over. What cannot be gone back in is a pipe, a socket or a
  // terminal.
  if (::lseek(fd_, 0, SEEK_CUR) < 0) {
    const int error = errno;
    ::close(fd_);
    throw Error(-error, "open", path_, "a trace is written to a regular file, which this is not");
  }
}

TraceFile::~TraceFile() { ::close(fd_); }

bool TraceFile::flush(std::string_view end) {
  // A forked child has a copy of the buffer, but the file is its parent's.
  if (error_ == 0 && owner_ == ::getpid()) {
    const std::size_t events = buffer_.size();
    buffer_ += end;
    if (write_at(end_of_events_, buffer_)) {
      end_of_events_ += static_cast<off_t>(events);
      end_ = end;
    } else {
      error_ = errno;
      // Back to what it was: the room for that was there already. If not, the first error says why.
      const off_t size = end_of_events_ + static_cast<off_t>(end_.size());
      [[maybe_unused]] const bool is_back =
          write_at(end_of_events_, end_) && ::ftruncate(fd_, size) == 0;
    }
  }
  buffer_.clear();
  return error_ == 0;
}

void TraceFile::throw_if_failed() const {
  if (error_ != 0) throw Error(-error_, "write", path_);
}

bool TraceFile::write_at(off_t offset, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::pwrite(fd_, text.data(), text.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return true;
}

}  // namespace contrail::inline v0::hooks
