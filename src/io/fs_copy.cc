// Copies of files: in one go, or in pieces for those who want to watch.

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "contrail/fs.h"
#include "src/io/descriptor.h"
#include "src/io/fs_request.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

using Clone = fs::CopyOptions::Clone;

/// libuv's own: it knows the ways in which a system may copy.
struct CopyWhole {
  void operator()(const fs::Path& from) const {
    int flags = exclusive ? UV_FS_COPYFILE_EXCL : 0;
    if (clone == Clone::if_possible) flags |= UV_FS_COPYFILE_FICLONE;
    if (clone == Clone::always) flags |= UV_FS_COPYFILE_FICLONE_FORCE;
    uv_fs_t request;
    const int status = uv_fs_copyfile(nullptr, &request, from.c_str(), to.c_str(), flags, nullptr);
    uv_fs_req_cleanup(&request);
    if (status < 0) throw Error(status, "copyfile", from.string() + " -> " + to.string());
  }

  fs::Path to;
  bool exclusive;
  Clone clone;
};

/// A copy under way, on the pool. It does what libuv's does, but piece by piece; and what is not
/// finished when it goes is removed.
class PieceCopy {
 public:
  PieceCopy(const fs::Path& to, bool exclusive, Clone clone)
      : to_(to), exclusive_(exclusive), clone_(clone) {}
  PieceCopy(const PieceCopy&) = delete;
  PieceCopy& operator=(const PieceCopy&) = delete;
  ~PieceCopy() { give_up(); }

  void give_up() noexcept {
    if (target_ && !finished_) ::unlink(to_.c_str());
    target_.reset();
  }

  /// False when it is done.
  bool copy_piece(const fs::Path& from) {
    if (!source_) {
      open(from);
      if (is_same_file() || clone(from)) return finish();
    }
    for (const std::uint64_t end = done_ + piece; done_ < end;) {
      if (!copy_block(from)) return finish();
    }
    return true;
  }

  fs::CopyProgress progress() const noexcept { return {done_, std::max(done_, total_)}; }

 private:
  static constexpr std::uint64_t piece = 1 << 20;

  template <class Call>
  auto check(const fs::Path& from, Call call) const {
    return checked("copyfile", call, from, to_);
  }

  void open(const fs::Path& from) {
    source_.emplace(check(from, [&] { return ::open(from.c_str(), O_RDONLY | O_CLOEXEC); }));
    check(from, [&] { return ::fstat(source_->number(), &status_); });
    total_ = static_cast<std::uint64_t>(status_.st_size);
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (exclusive_ ? O_EXCL : 0);
    Descriptor target(check(from, [&] { return ::open(to_.c_str(), flags, status_.st_mode); }));
    struct ::stat target_status;
    check(from, [&] { return ::fstat(target.number(), &target_status); });
    if (target_status.st_dev == status_.st_dev && target_status.st_ino == status_.st_ino) return;
    target_.emplace(std::move(target));
    check(from, [&] { return ::ftruncate(target_->number(), 0); });
    check(from, [&] { return ::fchmod(target_->number(), status_.st_mode); });
  }

  bool is_same_file() const noexcept { return !target_; }

  bool clone(const fs::Path& from) {
    if (clone_ == Clone::never) return false;
    const auto call = [&] { return ::ioctl(target_->number(), FICLONE, source_->number()); };
    if (clone_ == Clone::if_possible) return call() == 0;
    check(from, call);
    return true;
  }

  /// False at the end.
  bool copy_block(const fs::Path& from) {
    std::array<char, 64 * 1024> block;
    const ssize_t size =
        check(from, [&] { return ::read(source_->number(), block.data(), block.size()); });
    for (ssize_t written = 0; written < size;) {
      written += check(from, [&] {
        return ::write(target_->number(), block.data() + written,
                       static_cast<std::size_t>(size - written));
      });
    }
    done_ += static_cast<std::uint64_t>(size);
    return size > 0;
  }

  bool finish() {
    if (target_) target_->close(to_);  // Network file systems tell only now that the disk is full.
    if (done_ == 0) done_ = total_;    // It is the same file, or has the same blocks.
    total_ = done_;
    finished_ = true;
    return false;
  }

  const fs::Path to_;
  const bool exclusive_;
  const Clone clone_;
  std::optional<Descriptor> source_;
  std::optional<Descriptor> target_;
  struct ::stat status_ {};
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  bool finished_ = false;
};

/// One resource, called back for each piece. The loop has it between two pieces: a Loop that goes
/// ends it there.
struct WatchedCopy final : RequestState<uv_work_t> {
  WatchedCopy(const fs::Path& from, const fs::Path& to, fs::CopyOptions options,
              Callback<void> callback, CreationSite site)
      : copy(to, options.exclusive, options.clone),
        on_progress(std::move(options.on_progress)),
        fn(std::move(callback)),
        details{"copy_file", from.native()},
        resource(fs_type, AnyRef::to(details), site) {}

  static void go_on(std::unique_ptr<WatchedCopy> self) {
    self->leave();
    // It fails only for lack of a callback.
    WatchedCopy::submit(self, [](uv_work_t* request) {
      return uv_queue_work(loop_state().uv, request, on_pool, on_loop);
    });
  }

  static void on_pool(uv_work_t* request) {
    auto& self = static_cast<WatchedCopy&>(*static_cast<RequestState*>(request->data));
    try {
      self.more = self.copy.copy_piece(self.details.path);
    } catch (const Error& error) {
      self.failure = error;
    } catch (const std::bad_alloc&) {
      self.failure = Error(UV_ENOMEM, "copyfile", self.details.path);
    }
    if (self.failure) self.copy.give_up();
  }

  static void on_loop(uv_work_t* request, int status) {
    auto self = take<WatchedCopy>(request);
    if (hot.tearing_down) return;
    CallbackScope scope;
    if (status < 0 || (self->canceled && self->more)) {
      self->copy.give_up();
      self->failure.emplace(UV_ECANCELED, "copy_file", self->details.path);
    }
    if (self->failure) {
      return scope.call(self->resource, [&] { self->fn(*self->failure); });
    }
    scope.call(self->resource, [&] { self->on_progress(self->copy.progress()); });
    if (self->more) return go_on(std::move(self));
    scope.call(self->resource, [&] { self->fn({}); });
  }

  const AsyncResource* about() const noexcept override { return &resource; }
  /// At the end of the piece, at the latest.
  bool cancel() noexcept override {
    canceled = true;
    RequestState::cancel();
    return true;
  }

  PieceCopy copy;
  bool canceled = false;
  Function<void(fs::CopyProgress)> on_progress;
  Callback<void> fn;
  bool more = true;
  std::optional<Error> failure;
  fs::Details details;
  AsyncResource resource;
};

}  // namespace
}  // namespace detail

namespace fs {

void copy_file(const Path& from, const Path& to, CopyOptions options, Callback<void> fn,
               CreationSite site) {
  if (!options.on_progress) {
    detail::CopyWhole work{to, options.exclusive, options.clone};
    return detail::start("copy_file", from, to, std::move(work), std::move(fn), site);
  }
  for (const Path* path : {&from, &to}) {
    if (auto refused = detail::refusal("copy_file", *path)) {
      return detail::tell_later(std::move(fn), *refused, site);
    }
  }
  detail::WatchedCopy::go_on(
      std::make_unique<detail::WatchedCopy>(from, to, std::move(options), std::move(fn), site));
}

void copy_file(const Path& from, const Path& to, Callback<void> fn, CreationSite site) {
  copy_file(from, to, {}, std::move(fn), site);
}

Promise<void> copy_file(const Path& from, const Path& to, CopyOptions options, std::stop_token stop,
                        CreationSite site) {
  return detail::promised<void>("copy_file", std::move(stop), site, copy_file, from, to,
                                std::move(options));
}

}  // namespace fs
}  // namespace contrail::inline v0
