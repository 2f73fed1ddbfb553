#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contrail/testing/hook_recorder.h"

namespace contrail::inline v0::testing {

/// The rules that HookRecorder::violations() states, applied to one event after another.
class LifeCycle {
 public:
  /// `resource` is all that happened to it, also what is still to be seen.
  void see(const HookEvent& event, const Activity& resource);
  /// After the last event: what is still running counts as never left.
  std::vector<std::string> violations() const;

 private:
  struct Seen {
    bool init = false;
    bool destroy = false;
  };
  void left(const Activity& resource);
  void violated(std::string_view event, const Activity& resource, std::string_view how);

  std::unordered_map<AsyncId, Seen> seen_;
  std::vector<const Activity*> running_;  ///< Innermost last.
  std::vector<std::string> violations_;
};

}  // namespace contrail::inline v0::testing
