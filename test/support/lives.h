#pragma once

#include <fmt/core.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/testing/hook_recorder.h"

namespace contrail {

/// The lives of all resources of some types, counted: how often each had its events so far, and who
/// caused it. Resources are called by type and order of appearance, from 1.
class Lives {
 public:
  explicit Lives(std::initializer_list<std::string_view> types = {}) : recorder_(types) {}

  std::size_t count(std::string_view type) const { return recorder_.count(type); }
  /// "init/before/after/destroy": 1/1/1/1 for one that ran once and is gone; empty if there is
  /// none.
  std::string of(std::string_view type, std::size_t number = 1) const {
    const testing::Activity* found = find(type, number);
    return found ? fmt::format("{}/{}/{}/{}", found->inits, found->befores, found->afters,
                               found->destroys)
                 : "";
  }
  AsyncId id(std::string_view type, std::size_t number = 1) const {
    const testing::Activity* found = find(type, number);
    return found ? found->async_id : no_async_id;
  }
  /// "TCPWRAP:1 by root", for everyone whose init was seen.
  std::vector<std::string> graph() const {
    std::vector<std::string> edges;
    for (const testing::Activity& one : recorder_.activities()) {
      if (one.inits) edges.push_back(one.name + " by " + name(one.trigger_async_id));
    }
    return edges;
  }
  const testing::HookRecorder& recorder() const { return recorder_; }

 private:
  const testing::Activity* find(std::string_view type, std::size_t number) const {
    for (const testing::Activity& one : recorder_.activities()) {
      if (one.type == type && --number == 0) return &one;
    }
    return nullptr;
  }
  std::string name(AsyncId id) const {
    if (id == root_async_id) return "root";
    for (const testing::Activity& one : recorder_.activities()) {
      if (one.async_id == id) return one.name;
    }
    return id == no_async_id ? "nobody" : "a stranger";
  }

  testing::HookRecorder recorder_;
};

}  // namespace contrail
