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
  EntryHandle(Stream opened, const fs::Path& path, std::size_t chunk, CreationSite site)
      : PoolHandle(fs_type),
        stream_(std::move(opened)),
        chunk_(chunk),
        details_{path},
        resource_(dir_type, AnyRef::to(details_), site) {}

  AsyncResource& resource() noexcept override { return resource_; }
  const fs::Path& path() const noexcept override { return details_.path; }

  void read(Callback<std::optional<Entry>> fn, CreationSite site) { start(std::move(fn), site); }
  void read_chunk(Callback<std::vector<Entry>> fn, CreationSite site) {
    start(std::move(fn), site);
  }
  Waiting waiting(std::stop_token stop, CreationSite site) const {
    return {std::move(stop), site, "read_dir", details_.path.native()};
  }

 private:
  /// The next entries, on the pool, and what the caller gets of them.
  template <class T>
  struct Fetch {
    /// What it has fetched must not be lost: it is waited for.
    struct Op {
      static constexpr bool borrows = true;
    };

    T operator()(const fs::Path& path) { return handle->template fetch<T>(path); }

    Result<T> finish(Result<T> fetched, const fs::Details& of) {
      if (in_flight.abandoned()) return Error(UV_ECANCELED, of.operation, of.path);
      return fetched;
    }

    InFlight in_flight;
    EntryHandle* handle;
  };

  template <class T>
  void start(Callback<T> fn, CreationSite site) {
    constexpr std::string_view operation = "read_dir";
    if (!is_open()) {
      return tell_later(std::move(fn), Error(UV_EBADF, operation, path().string()), site);
    }
    if (auto taken = take_if_any<T>()) return tell_later(std::move(fn), std::move(*taken), site);
    FsRequest<T, Fetch<T>>::start(operation, path(), {InFlight(*this), this}, std::move(fn), site);
  }

  template <class T>
  std::optional<T> take_if_any() {
    const std::lock_guard lock(at_hand_mutex_);
    if (at_hand_.empty()) return std::nullopt;
    return take<T>();
  }

  /// Under the lock. Nothing, or none, if there are none.
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

  /// For the pool, where several reads may be under way: each takes what it returns, so that none
  /// finds the end while there is something left.
  template <class T>
  T fetch(const fs::Path& path) {
    const std::lock_guard lock(mutex_);
    if (auto taken = take_if_any<T>()) return std::move(*taken);
    std::vector<Entry> entries = next_entries(path);
    const std::lock_guard at_hand_lock(at_hand_mutex_);
    for (Entry& entry : entries) at_hand_.push_back(std::move(entry));
    return take<T>();
  }

  std::vector<Entry> next_entries(const fs::Path& path) {
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

  std::mutex mutex_;  ///< Of the next two.
  std::optional<Stream> stream_;
  std::optional<Error> failure_;
  const std::size_t chunk_;
  std::mutex at_hand_mutex_;  ///< Never held for long: the loop takes it, too.
  std::deque<Entry> at_hand_;
  Dir::Details details_;
  AsyncResource resource_;
};

}  // namespace contrail::inline v0::detail
