#pragma once

#include <string>

#include "contrail/stream.h"

namespace contrail::inline v0 {

/// A terminal, seen as a Stream: standard input, output or error, or another descriptor.
///
///     Tty terminal = Tty::from_descriptor(STDIN_FILENO);
///     terminal.set_raw_mode(true);
///     terminal.on_data([](auto keys) { ... });
///
/// Reading from it keeps the loop running; having it does not. It is opened anew where the system
/// allows that, so that other processes at the terminal do not find theirs non-blocking. Writes are
/// those of any Stream: what the terminal does not take at once waits in the loop. It has no end of
/// its own, so shutdown() fails.
///
/// Hooks see TTYWRAP, and a SIGNALWRAP for on_resize().
class CONTRAIL_API Tty : public Stream {
 public:
  Tty() noexcept = default;  ///< None: a place for one.

  /// What hooks see.
  struct CONTRAIL_API Details {
    int descriptor;
    std::string name;  ///< "/dev/pts/3"; empty if it has none.
  };

  struct CONTRAIL_API WindowSize {
    int columns;  ///< In characters; 0 if the terminal does not know.
    int rows;
    friend bool operator==(const WindowSize&, const WindowSize&) = default;
  };

  /// Whether it is open on a terminal.
  static bool is_terminal(int descriptor) noexcept;

  /// The descriptor remains the caller's, and may be closed. Throws Error (EINVAL) if it is no
  /// terminal.
  static Tty from_descriptor(int descriptor, CreationSite site = CreationSite::current());

  /// Raw: every key arrives at once, unechoed, and Ctrl-C is a key like any other. It is the
  /// terminal that is raw, for everybody who uses it, until the last Tty of it says false or is
  /// closed. Throws Error: EBADF if this one is closed, ENOBUFS if 16 terminals are raw already.
  ///
  /// It is put back as it was in any case: when the Tty goes out of scope, in exit(), and when the
  /// process is ended by a signal or by std::terminate(). For that, signals whose default action is
  /// to end the process get a handler while a terminal is raw, which restores it and then lets them
  /// do so; those that have another handler are left alone. Nothing helps with SIGKILL and _exit().
  void set_raw_mode(bool on);
  bool is_raw() const noexcept;

  /// Throws Error.
  WindowSize window_size() const;
  /// Calls fn with the new size when it has changed (SIGWINCH): in the context of this call, and
  /// inside its SIGNALWRAP. Does not keep the loop running. An empty fn stops it.
  void on_resize(Function<void(WindowSize)> fn, CreationSite site = CreationSite::current());

 private:
  using Stream::Stream;
};

}  // namespace contrail::inline v0
