#pragma once

#include <memory>

#include "contrail/detail/export.h"

namespace contrail::inline v0::hooks {

struct ProbesOptions {
  bool track_promises = true;
};

/// Static probes (USDT) for bpftrace, SystemTap and perf, to look into a program in production
/// without having prepared anything but this:
///
///     hooks::Probes probes;   // in main(), beside the Loop
///
///     $ bpftrace -p $(pidof server) -e 'usdt:*:contrail:init { @[str(arg2)] = count(); }'
///
/// The provider is "contrail". Its probes and their arguments:
///
///     init             id, trigger id, type, file, line   file is 0 if unknown
///     before           id
///     after            id
///     destroy          id
///     promise_resolve  id
///     context_switch
///
/// Ids are those of one Loop. As long as nobody is attached, which a semaphore of each probe says,
/// no hook is enabled, and the loop looks at the semaphores once a turn; so what was made before,
/// and callbacks that are running, are not seen whole.
///
/// Made and destroyed on the Loop's thread.
class CONTRAIL_API Probes {
 public:
  explicit Probes(ProbesOptions options = {});
  Probes(Probes&&) noexcept;
  Probes& operator=(Probes&&) noexcept;
  ~Probes();

  /// Whether the library was built with them: with <sys/sdt.h>, of Debian's systemtap-sdt-dev. If
  /// not, a Probes does nothing.
  static bool available() noexcept;
  /// Whether somebody was attached when the loop last looked.
  bool attached() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace contrail::inline v0::hooks
