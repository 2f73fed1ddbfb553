#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "contrail/error.h"
#include "contrail/fs.h"

namespace contrail::inline v0 {

/// An open directory: Node's Dir. For one that is too large to be read at once by fs::read_dir().
///
///     Dir dir = co_await fs::open_dir("/var/mail");
///     while (auto entry = co_await dir.read()) use(entry->name);
///
/// It closes when it goes out of scope: on the pool, once the reads in flight are done, which then
/// fail with ECANCELED. An open Dir alone does not keep the loop running, and one that outlives its
/// Loop is closed by then.
///
/// Hooks see a DIRHANDLE that nobody made, without a context, as in Node; a FSREQCALLBACK for each
/// time the system is asked, and one for the close.
class CONTRAIL_API Dir {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    fs::Path path;
  };

  Dir() noexcept = default;  ///< None: a place for one.

  /// The next entry but "." and "..", in the system's order; none at the end. Those that are at
  /// hand already come in a tick. What is added or removed meanwhile may be missing, or not.
  Promise<std::optional<fs::DirEntry>> read(std::stop_token stop = {},
                                            CreationSite site = CreationSite::current());
  void read(Callback<std::optional<fs::DirEntry>> fn, CreationSite site = CreationSite::current());

  /// All that are at hand, or else as many as the system is asked for at once; empty at the end.
  Promise<std::vector<fs::DirEntry>> read_chunk(std::stop_token stop = {},
                                                CreationSite site = CreationSite::current());
  void read_chunk(Callback<std::vector<fs::DirEntry>> fn,
                  CreationSite site = CreationSite::current());

  /// Waits for the reads in flight, then closes. Reads begun from now on fail with EBADF.
  /// Idempotent: a second one is done when the first is.
  Promise<void> close(CreationSite site = CreationSite::current());
  void close(Callback<void> fn, CreationSite site = CreationSite::current());

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Not closed, nor being closed.
  bool is_open() const noexcept;
  AsyncId async_id() const noexcept;

  struct State;

 private:
  friend State;
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  explicit Dir(State* state) noexcept : state_(state) {}
  State& state() const;
  std::unique_ptr<State, CloseState> state_;
};

namespace fs {

struct DirOptions {
  std::size_t chunk = 32;  ///< How many entries the system is asked for at once; at least 1.
};

CONTRAIL_API Promise<Dir> open_dir(const Path& path, DirOptions options = {},
                                   std::stop_token stop = {},
                                   CreationSite site = CreationSite::current());
CONTRAIL_API void open_dir(const Path& path, DirOptions options, Callback<Dir> fn,
                           CreationSite site = CreationSite::current());
CONTRAIL_API void open_dir(const Path& path, Callback<Dir> fn,
                           CreationSite site = CreationSite::current());

/// What a Walk has found.
struct CONTRAIL_API WalkEntry {
  Path path;          ///< Begins with the path that was given to walk().
  FileType type;      ///< Of what the link leads to, if links are followed.
  std::size_t depth;  ///< 1: in the directory that was given.
  /// Why what is in this directory is not told: it cannot be opened, or contains itself. One that
  /// cannot be read to its end is told again, with the reason.
  std::optional<Error> error = {};
};

struct WalkOptions {
  /// Also enters directories that links lead to; those that contain the link are told with ELOOP.
  bool follow_links = false;
  std::size_t max_depth = std::numeric_limits<std::size_t>::max();  ///< None is told below.
  std::size_t chunk = 256;  ///< How many entries are looked for at once; at least 1.
};

/// A directory and all directories in it, entry by entry; each directory comes ahead of what is in
/// it.
///
///     fs::Walk walk = co_await fs::walk("/etc", {.max_depth = 3});
///     while (auto entry = co_await walk.next()) fmt::print("{}\n", entry->path.string());
///
/// Names are looked up in open directories, so nobody can lead it elsewhere by putting a link in a
/// directory's place. It holds one descriptor open for each directory on the way down to where it
/// is. Closing, and what hooks see, are as with Dir.
class CONTRAIL_API Walk {
 public:
  Walk() noexcept = default;  ///< None: a place for one.

  /// None at the end. A directory that cannot be seen does not end it: see WalkEntry::error.
  Promise<std::optional<WalkEntry>> next(std::stop_token stop = {},
                                         CreationSite site = CreationSite::current());
  void next(Callback<std::optional<WalkEntry>> fn, CreationSite site = CreationSite::current());

  Promise<void> close(CreationSite site = CreationSite::current());
  void close(Callback<void> fn, CreationSite site = CreationSite::current());

  explicit operator bool() const noexcept { return state_ != nullptr; }
  bool is_open() const noexcept;
  AsyncId async_id() const noexcept;

  struct State;

 private:
  friend State;
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  explicit Walk(State* state) noexcept : state_(state) {}
  State& state() const;
  std::unique_ptr<State, CloseState> state_;
};

/// Fails if the directory itself cannot be opened.
CONTRAIL_API Promise<Walk> walk(const Path& path, WalkOptions options = {},
                                std::stop_token stop = {},
                                CreationSite site = CreationSite::current());
CONTRAIL_API void walk(const Path& path, WalkOptions options, Callback<Walk> fn,
                       CreationSite site = CreationSite::current());
CONTRAIL_API void walk(const Path& path, Callback<Walk> fn,
                       CreationSite site = CreationSite::current());

}  // namespace fs
}  // namespace contrail::inline v0
