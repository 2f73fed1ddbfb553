#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "contrail/detail/export.h"
#include "contrail/fs.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0 {

enum class FsChange {
  rename,  ///< Something of that name appeared, disappeared or was replaced.
  change,  ///< What is in it, or known of it, was written.
};

struct FsEvent {
  FsChange kind;
  std::string name;  ///< Of the entry, if a directory is watched; otherwise the file's own.
};

/// Tells what happens to a file, or to the entries of a directory, as the system (inotify) sees it,
/// until it goes out of scope, also inside its own callback. Node's fs.watch().
///
///     FsWatcher watcher("/etc/app.d");
///     watcher.on_change([](FsChange, std::string_view name) { reload(name); });
///
/// One change may be told as several events. A file is watched as the inode it was, so one that
/// editors replace rather than write is better watched through its directory; on network file
/// systems only what this machine changes is seen. Subdirectories are not watched: each needs a
/// watcher of its own. When there are too many changes at once the system drops some.
///
/// It keeps the loop running: see unref().
///
/// Hooks see a FSEVENTWRAP, whose callback runs once for each event, in the context in which the
/// watcher was made.
class CONTRAIL_API FsWatcher {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    fs::Path path;
  };

  /// Throws Error ("watch /nowhere: ENOENT: …"); ENOSPC if the user has as many watchers as
  /// /proc/sys/fs/inotify/max_user_watches allows, EINVAL if the path has a NUL in it.
  explicit FsWatcher(fs::Path path, CreationSite site = CreationSite::current());
  FsWatcher(FsWatcher&&) noexcept;
  FsWatcher& operator=(FsWatcher&&) noexcept;
  ~FsWatcher();

  /// Calls fn with each event. The name, see FsEvent, is valid during the call. An empty fn removes
  /// it.
  void on_change(Function<void(FsChange, std::string_view)> fn);
  /// The next event. Those that arrive while nobody waits are not kept. Fails with ECANCELED on
  /// close.
  Promise<FsEvent> wait(std::stop_token stop = {}, CreationSite site = CreationSite::current());

  /// fn runs in a tick after the close, in the context of whoever closed it.
  void on_close(Function<void()> fn);
  void close() noexcept;  ///< Now, rather than at the end of the scope. Idempotent.
  bool is_open() const noexcept;

  FsWatcher& ref() noexcept;    ///< Keeps the loop running; this is how it starts.
  FsWatcher& unref() noexcept;  ///< Does not.
  bool has_ref() const noexcept;

  const fs::Path& path() const;
  explicit operator bool() const noexcept { return state_ != nullptr; }  ///< Not moved from.
  AsyncId async_id() const noexcept;

  struct State;

 private:
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  State& state() const;
  std::unique_ptr<State, CloseState> state_;
};

/// What a StatWatcher has seen. That of a file that is not there is all zeros: links tells.
struct StatChange {
  fs::Stat current;
  fs::Stat previous;
};

/// Looks at a file again and again, on the thread pool, and tells when what is known of it has
/// changed, until it goes out of scope. Node's fs.watchFile(): slower than a FsWatcher, but it
/// works wherever stat() does, and with files that do not exist yet.
///
///     StatWatcher watcher("/mnt/share/list", 1s);
///     watcher.on_change([](const fs::Stat& current, const fs::Stat& previous) {
///       if (current.modified > previous.modified) reload();
///     });
///
/// If there is no such file at first, that is told once, with zeros for both; when it appears,
/// disappears, or cannot be looked at any more, that is a change, too. Changes that are undone
/// between two looks are not seen.
///
/// It keeps the loop running: see unref().
///
/// Hooks see a STATWATCHER, whose callback runs once for each change, in the context in which the
/// watcher was made.
class CONTRAIL_API StatWatcher {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    fs::Path path;
  };

  static constexpr std::chrono::milliseconds default_interval{5007};  ///< Node's.

  /// The first look is now, the next ones each `interval` after the one before. Throws Error
  /// (EINVAL) if the interval is not between 1 ms and 2^32 - 1 ms, or the path has a NUL in it.
  explicit StatWatcher(fs::Path path, std::chrono::milliseconds interval = default_interval,
                       CreationSite site = CreationSite::current());
  StatWatcher(StatWatcher&&) noexcept;
  StatWatcher& operator=(StatWatcher&&) noexcept;
  ~StatWatcher();

  /// Calls fn(current, previous) at each change. An empty fn removes it.
  void on_change(Function<void(const fs::Stat& current, const fs::Stat& previous)> fn);
  /// The next change. Those that are seen while nobody waits are not kept. Fails with ECANCELED on
  /// close.
  Promise<StatChange> wait(std::stop_token stop = {}, CreationSite site = CreationSite::current());

  void close() noexcept;  ///< Now, rather than at the end of the scope. Idempotent.
  bool is_open() const noexcept;

  StatWatcher& ref() noexcept;    ///< Keeps the loop running; this is how it starts.
  StatWatcher& unref() noexcept;  ///< Does not.
  bool has_ref() const noexcept;

  const fs::Path& path() const;
  explicit operator bool() const noexcept { return state_ != nullptr; }  ///< Not moved from.
  AsyncId async_id() const noexcept;

  struct State;

 private:
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  State& state() const;
  std::unique_ptr<State, CloseState> state_;
};

}  // namespace contrail::inline v0
