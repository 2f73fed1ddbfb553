#include "hooks/mapped_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "contrail/error.h"

namespace contrail::inline v0::hooks {
namespace {

/// A file that was just made. Unless it is kept, it goes again.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& path) : path_(path.string()) {
    struct stat found;
    if (::stat(path_.c_str(), &found) == 0) {
      if (!S_ISREG(found.st_mode)) fail(EINVAL, "open", "this is no regular file");
      // Through symbolic links, which stay.
      if (char* real = ::realpath(path_.c_str(), nullptr)) {
        path_ = real;
        std::free(real);
      }
      if (::unlink(path_.c_str()) != 0) fail(errno, "unlink");
    }
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ < 0) fail(errno, "open");
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    ::close(fd_);
    if (!kept_) ::unlink(path_.c_str());
  }

  void reserve(std::size_t bytes) {
    int error;
    do {
      error = ::posix_fallocate(fd_, 0, static_cast<off_t>(bytes));
    } while (error == EINTR);
    if (error != 0) fail(error, "fallocate");
  }

  std::byte* map(std::size_t bytes) {
    void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (mapped == MAP_FAILED) fail(errno, "mmap");
    return static_cast<std::byte*>(mapped);
  }

  void write(const std::byte* from, std::size_t bytes) {
    while (bytes > 0) {
      const ssize_t written = ::write(fd_, from, bytes);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(errno, "write");
      from += written;
      bytes -= static_cast<std::size_t>(written);
    }
  }

  void keep() noexcept { kept_ = true; }

 private:
  [[noreturn]] void fail(int error, std::string_view call) { throw Error(-error, call, path_); }
  [[noreturn]] void fail(int error, std::string_view call, std::string_view words) {
    throw Error(-error, call, path_, words);
  }

  std::string path_;
  int fd_ = -1;
  bool kept_ = false;
};

/// All that are mapped: a child must not write to its parent's file, so it gets private memory in
/// the same place.
class Mappings {
 public:
  static Mappings& instance() {
    static auto* mappings = new Mappings;  // Outlives all statics.
    return *mappings;
  }

  void add(std::byte* data, std::size_t size) {
    std::lock_guard lock(mutex_);
    mapped_.push_back({data, size});
  }
  void remove(std::byte* data) {
    std::lock_guard lock(mutex_);
    std::erase_if(mapped_, [data](const auto& one) { return one.first == data; });
  }

 private:
  Mappings() {
    ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                     [] {
                       instance().make_private();
                       instance().mutex_.unlock();
                     });
  }

  void make_private() noexcept {
    for (const auto& [data, size] : mapped_) {
      ::mmap(data, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
  }

  std::mutex mutex_;
  std::vector<std::pair<std::byte*, std::size_t>> mapped_;
};

/// Otherwise each page is fetched by the first event in it, which then takes a microsecond.
void fetch_pages([[maybe_unused]] std::byte* data, [[maybe_unused]] std::size_t size) noexcept {
#ifdef MADV_POPULATE_WRITE
  ::madvise(data, size, MADV_POPULATE_WRITE);  // Old kernels do not know it.
#endif
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, std::size_t bytes)
    : path_(std::filesystem::absolute(path)), size_(bytes) {
  NewFile file(path);
  file.reserve(size_);
  data_ = file.map(size_);
  fetch_pages(data_, size_);
  Mappings::instance().add(data_, size_);
  file.keep();
}

MappedFile::~MappedFile() {
  Mappings::instance().remove(data_);
  ::munmap(data_, size_);
}

void MappedFile::check_that_other(const std::filesystem::path& path) const {
  std::error_code ignored;
  if (std::filesystem::equivalent(path, path_, ignored)) {
    throw Error(-EINVAL, "open", path.string(), "this is the recording itself");
  }
}

void MappedFile::copy_to(const std::filesystem::path& path,
                         std::span<const std::byte> beginning) const {
  check_that_other(path);
  NewFile copy(path);
  copy.write(beginning.data(), beginning.size());
  copy.write(data_ + beginning.size(), size_ - beginning.size());
  copy.keep();
}

}  // namespace contrail::inline v0::hooks
