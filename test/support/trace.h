#pragma once

#include <fmt/core.h>

#include <map>
#include <string>
#include <string_view>

#include "contrail/async_hook.h"
#include "contrail/execution.h"

namespace contrail {

/// What a hook saw, on one line: +Imm1(t=root) init, >Imm1 before, <Imm1 after, xImm1 destroy, !P1
/// promise_resolve, [text] a note of the test. Resources are numbered by type; t is the trigger,
/// and e the execution id where that is another.
///
/// The destroy of a promise depends on who holds it, and is left out unless asked for.
class Trace {
 public:
  enum class PromiseDestroys { hidden, shown };

  explicit Trace(PromiseDestroys promise_destroys = PromiseDestroys::hidden)
      : promise_destroys_(promise_destroys) {
    hook_.enable();
  }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  void note(std::string_view text) { add(fmt::format("[{}]", text)); }
  /// What happens from here on is not recorded.
  void stop() { hook_.disable(); }
  const std::string& text() const { return text_; }
  /// What happened since the last call.
  std::string take() { return std::exchange(text_, {}); }
  AsyncHook& hook() { return hook_; }

 private:
  void add(std::string_view event) { text_ += (text_.empty() ? "" : " ") + std::string(event); }
  std::string name(AsyncId id) const {
    const auto found = names_.find(id);
    return found != names_.end() ? found->second : fmt::format("#{}", id);
  }
  void init(const ResourceInfo& made) {
    const std::string_view type = made.type == "PROMISE"      ? "P"
                                  : made.type == "Immediate"  ? "Imm"
                                  : made.type == "TickObject" ? "Tick"
                                                              : made.type;
    names_[made.async_id] = fmt::format("{}{}", type, ++made_[std::string(type)]);
    const AsyncId now = execution_async_id();
    std::string event = fmt::format("+{}(t={}", name(made.async_id), name(made.trigger_async_id));
    if (now != made.trigger_async_id) event += ",e=" + name(now);
    add(event + ")");
  }
  void destroy(AsyncId id) {
    if (name(id)[0] != 'P' || promise_destroys_ == PromiseDestroys::shown) add("x" + name(id));
  }

  const PromiseDestroys promise_destroys_;
  std::string text_;
  std::map<std::string, int> made_;
  std::map<AsyncId, std::string> names_{
      {no_async_id, "0"}, {root_async_id, "root"}, {unassigned_async_id, "none"}};
  AsyncHook hook_{{
      .init = [this](const ResourceInfo& made) { init(made); },
      .before = [this](AsyncId id) { add(">" + name(id)); },
      .after = [this](AsyncId id) { add("<" + name(id)); },
      .destroy = [this](AsyncId id) { destroy(id); },
      .promise_resolve = [this](AsyncId id) { add("!" + name(id)); },
  }};
};

}  // namespace contrail
