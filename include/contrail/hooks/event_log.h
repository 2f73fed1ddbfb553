#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/function.h"

namespace contrail::inline v0::hooks {

struct EventLogOptions {
  /// Only resources of these types. Empty: all of them.
  std::vector<std::string> only_types = {};
  /// False: no PROMISE, and promises are not even numbered on this log's account.
  bool track_promises = true;
  bool only_sampled = false;  ///< See run_sampled().
  /// Put before every line.
  std::string prefix = {};
};

/// Prints every event of the current thread's Loop as it happens, one line each, indented by how
/// many of the shown callbacks are running. Records until it goes out of scope.
///
///     hooks::EventLog log(stderr, {.only_types = {"Timeout"}});
///
///     init Timeout 2 by 1 (10 ms)
///     before Timeout 2
///       init Timeout 3 by 2 (10 ms)
///     after Timeout 2
///     destroy Timeout 2
///
/// A program that includes this header, as <contrail/contrail.h> does, prints the same to stderr
/// for each of its Loops when it is started with CONTRAIL_DEBUG=async_hooks. As with Node's
/// NODE_DEBUG, the variable is a list separated by commas, in any case, where * stands for
/// anything.
class CONTRAIL_API EventLog {
 public:
  /// Called with each line, which has no newline. What it does itself is not logged, so it may
  /// use resources of its own.
  using Sink = Function<void(std::string_view line)>;

  explicit EventLog(std::FILE* file = stderr, EventLogOptions options = {});
  explicit EventLog(Sink sink, EventLogOptions options = {});
  EventLog(EventLog&&) noexcept;
  EventLog& operator=(EventLog&&) noexcept;
  ~EventLog();

  EventLog&
  enable();  ///< Goes on after disable(). What was made meanwhile shows its type as it runs.
  EventLog& disable() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Makes every Loop of this process heed CONTRAIL_DEBUG. Calls after the first do nothing.
CONTRAIL_API bool heed_debug_variable();

/// Here rather than in the library's own sources, because nobody would ask a static archive for
/// the object file that held it.
inline const bool debug_variable_is_heeded = heed_debug_variable();

}  // namespace contrail::inline v0::hooks
