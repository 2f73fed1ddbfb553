#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/async_hook.h"

namespace contrail {

/// To the peer, or whoever else started the program.
inline void say(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

/// The counterpart of trace.mjs, line for line.
class ProgramTrace {
 public:
  ProgramTrace() { hook_.enable(); }
  void print() const {
    for (const auto* part : {&lines_, &destroys_}) {
      for (const std::string& line : *part) say(line);
    }
  }

 private:
  static bool is_shown(std::string_view type) {
    return type.starts_with("TCP") || type.starts_with("UDP") || type.starts_with("PIPE") ||
           type.starts_with("PROCESS") || type == "WRITEWRAP" || type == "SHUTDOWNWRAP" ||
           type == "GETADDRINFOREQWRAP" || type == "GETNAMEINFOREQWRAP" ||
           type == "FSREQCALLBACK" || type.starts_with("FILEHANDLE") || type == "DIRHANDLE" ||
           type == "SIGNALWRAP" || type == "FSEVENTWRAP" || type == "STATWATCHER" ||
           type == "TTYWRAP" || type == "WORKER" || type == "MESSAGEPORT" || type == "Query";
  }
  std::string name_of(AsyncId id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? "program" : found->second;
  }
  void init(const ResourceInfo& made) {
    const std::string by = name_of(made.trigger_async_id);
    if (!is_shown(made.type)) {
      names_[made.async_id] = by;
      return;
    }
    const std::string type(made.type);
    names_[made.async_id] = fmt::format("{}:{}", type, ++counts_[type]);
    shown_.insert(made.async_id);
    if (type == "FILEHANDLE" || type == "DIRHANDLE") collected_.insert(made.async_id);
    lines_.push_back(fmt::format("init {} by {}", name_of(made.async_id), by));
  }
  void note(std::vector<std::string>& list, std::string_view event, AsyncId id) {
    if (shown_.contains(id)) list.push_back(fmt::format("{} {}", event, name_of(id)));
  }

  std::map<AsyncId, std::string> names_;  ///< Of what is not shown: of what triggered it.
  std::set<AsyncId> shown_;
  std::set<AsyncId> collected_;  ///< By Node's collector, whenever that is.
  std::map<std::string, int> counts_;
  std::vector<std::string> lines_;
  std::vector<std::string> destroys_;
  AsyncHook hook_{{
      .init = [this](const ResourceInfo& made) { init(made); },
      .before = [this](AsyncId id) { note(lines_, "before", id); },
      .after = [this](AsyncId id) { note(lines_, "after", id); },
      .destroy =
          [this](AsyncId id) {
            if (!collected_.contains(id)) note(destroys_, "destroy", id);
          },
  }};
};

}  // namespace contrail
