#pragma once

#include <deque>
#include <mutex>

#include "contrail/dir.h"
#include "src/io/pool_handle.h"

namespace contrail::inline v0::detail {

inline constexpr ResourceType dir_type{resource_types::dir_handle.name,
                                       &AnyRef::tag_of<Dir::Details>};

/// The pinned half of an open directory, or tree of them: reads some entries ahead. Stream is what
/// they come from, on the pool: next(path) is one of them, or none at the end, and may throw Error.
template <class Stream, class Entry>
class EntryHandle : public PoolHandle {
 public:
  EntryHandle(Stream opened, const fs::Path& path, std::size_t chunk)
      : PoolHandle(fs_type),
        stream_(std::move(opened)),
        chunk_(chunk),
        details_{path},
        resource_(dir_type, AnyRef::to(details_)) {}

  AsyncResource& resource() noexcept override { return resource_; }
  const fs::Path& path() const noexcept override { return details_.path; }

  void read(Callback<std::optional<Entry>> fn) { start(std::move(fn)); }
  void read_chunk(Callback<std::vector<Entry>> fn) { start(std::move(fn)); }

 private:
  /// The next entries, on the pool, and what the caller gets of them.
  template <class T>
  struct Fetch {
    std::vector<Entry> operator()(const fs::Path& path) { return handle->fetch(path); }

    Result<T> finish(Result<std::vector<Entry>> fetched, const fs::Details& of) {
      if (in_flight.abandoned()) return Error(UV_ECANCELED, of.operation, of.path.string());
      if (!fetched) return fetched.error();
      for (Entry& entry : *fetched) handle->at_hand_.push_back(std::move(entry));
      return handle->template take<T>();
    }

    InFlight in_flight;
    EntryHandle* handle;
  };

  template <class T>
  void start(Callback<T> fn) {
    constexpr std::string_view operation = "read_dir";
    if (!is_open()) {
      return fail_later(Error(UV_EBADF, operation, path().string()), std::move(fn));
    }
    if (!at_hand_.empty()) {
      return next_tick([fn = std::move(fn), taken = take<T>()]() mutable { fn(std::move(taken)); });
    }
    FsRequest<T, Fetch<T>>::start(operation, path(), {InFlight(*this), this}, std::move(fn));
  }

  template <class T>
  T take() {
    if constexpr (std::is_same_v<T, std::vector<Entry>>) {
      const auto all = std::exchange(at_hand_, {});
      return {all.begin(), all.end()};
    } else {
      if (at_hand_.empty()) return std::nullopt;
      T first = std::move(at_hand_.front());
      at_hand_.pop_front();
      return first;
    }
  }

  std::vector<Entry> fetch(const fs::Path& path) {
    const std::lock_guard lock(mutex_);
    if (failure_) throw *failure_;
    std::vector<Entry> entries;
    try {
      while (entries.size() < chunk_) {
        auto entry = stream_->next(path);
        if (!entry) break;
        entries.push_back(*std::move(entry));
      }
    } catch (const Error& error) {
      if (entries.empty()) throw;
      failure_ = error;  // Behind what was there.
    }
    return entries;
  }

  int close_system() noexcept override {
    stream_.reset();
    return 0;
  }

  std::mutex mutex_;  ///< Several threads of the pool may fetch: for the next two.
  std::optional<Stream> stream_;
  std::optional<Error> failure_;
  const std::size_t chunk_;
  std::deque<Entry> at_hand_;
  Dir::Details details_;
  AsyncResource resource_;
};

}  // namespace contrail::inline v0::detail
