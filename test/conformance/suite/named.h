#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace contrail::conformance {

/// Things of one kind by their names. What is replaced stays alive, like something that the garbage
/// collector never finds.
template <class T>
class Named {
 public:
  T& define(const std::string& name, T thing) { return point(name, keep(std::move(thing))); }
  T& keep(T thing) { return kept_.emplace_back(std::move(thing)); }
  /// An empty name is none.
  T& point(const std::string& name, T& thing) {
    if (!name.empty()) newest_[name] = &thing;
    return thing;
  }
  void forget(const std::string& name) { newest_.erase(name); }

  T* find(const std::string& name) {
    const auto entry = newest_.find(name);
    return entry == newest_.end() ? nullptr : entry->second;
  }

 private:
  std::deque<T> kept_;
  std::unordered_map<std::string, T*> newest_;
};

}  // namespace contrail::conformance
