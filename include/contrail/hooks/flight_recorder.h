#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "contrail/detail/export.h"
#include "contrail/function.h"

namespace contrail::inline v0::hooks {

struct FlightRecorderOptions {
  /// Of the file, which is as large as that from the beginning, and of memory. 16 MiB hold the
  /// latest 500,000 events. At least room for the names and 128 events.
  std::size_t max_bytes = std::size_t{16} << 20;
  /// Kinds of resources, by type and place of creation, that can be named; each takes 256 bytes of
  /// the above. Resources of later ones are recorded without a name.
  std::size_t groups_max = 1024;
  bool track_promises = true;
  /// True: only what was made in a sampled context. See run_sampled().
  bool only_sampled = false;
  /// When the loop waits for the system: two events a turn.
  bool loop_phases = true;
  /// True: every event reads the clock, in place of one reading a callback. See event_time().
  bool full_precision = false;
  /// Which request a new resource belongs to: called in its init, in its creator's context. Other
  /// than 0, the number is recorded with each of the resource's events. It should neither throw nor
  /// do anything asynchronous.
  Function<std::uint64_t()> request = {};
  /// 0: none. Else this signal, SIGUSR1 for instance, makes a copy of the recording, even while the
  /// Loop hangs. It is written by the handler, on whichever thread that runs, and takes as long as
  /// writing max_bytes does. It says how long what hangs has been running. Who handled the signal
  /// before gets it back afterwards.
  int dump_signal = 0;
  /// Where to. Empty: the name of the recording with ".dump" after it. Replaced when the copy is
  /// complete; a copy that cannot be written is not made.
  std::filesystem::path dump_file = {};
};

/// What happened in the last seconds before it broke: keeps the latest events of the current
/// thread's Loop in a file of fixed size. Cheap enough to be left on: a few nanoseconds an event,
/// no allocation, no system call.
///
///     hooks::FlightRecorder recorder("/var/tmp/server.flight");
///
///     $ contrail-trace summary server.flight    # or timeline, groups, tree, dot, chrome, perfetto
///
/// The file is the memory that is written to, shared with the system. So it needs no flush and no
/// handler of signals: after a crash, an abort() or a SIGKILL it holds every event up to the last
/// one. (Not after a power failure: the system writes it to disk when it sees fit. On /dev/shm or
/// another tmpfs, it never does.) It can be read, or copied with cp, while the program runs.
///
/// Move or remove the file as you like while it is written to, but do not truncate it, as
/// logrotate's copytruncate would: a process that writes where a file has ended gets a SIGBUS.
///
/// An event is 32 bytes: what happened, when, to which resource, of what type and made where, by
/// what trigger, for what request. A process that is forked off leaves the file alone, and what its
/// copy of the recorder hears is lost.
///
/// Made, used and destroyed on the Loop's thread.
class CONTRAIL_API FlightRecorder {
 public:
  /// Makes the file, in place of what has that name; a recorder that still writes to its
  /// predecessor goes on doing so. Where a supervisor restarts what has crashed, put the process id
  /// or the time into the name. Records until it goes out of scope.
  ///
  /// Throws Error, naming the path, if the file cannot be made or the disk has no room for all of
  /// it, if something that is no regular file has that name, or if dump_signal cannot be handled;
  /// std::invalid_argument if max_bytes is too small.
  explicit FlightRecorder(const std::filesystem::path& file, FlightRecorderOptions options = {});
  FlightRecorder(FlightRecorder&&) noexcept;
  FlightRecorder& operator=(FlightRecorder&&) noexcept;
  /// The file stays.
  ~FlightRecorder();

  /// Idempotent both. Of resources made in between, the type is known from when they first run, and
  /// the request is not; of those that were alive before, it is not known whether they still are
  /// until they are seen again.
  FlightRecorder& enable();
  FlightRecorder& disable() noexcept;
  bool enabled() const noexcept;

  /// Copies what is recorded at this moment to another file, which it replaces. The copy says when
  /// it was made, so that contrail-trace knows for how long what runs has been running. Throws
  /// Error.
  void dump(const std::filesystem::path& file) const;

  const std::filesystem::path& file() const noexcept;
  std::uint64_t recorded() const noexcept;     ///< Events since the recorder was made.
  std::uint64_t overwritten() const noexcept;  ///< Of those, what has made room for later ones.
  /// Resources without a name, for lack of room.
  std::uint64_t resources_without_group() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace contrail::inline v0::hooks
