#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "contrail/loop.h"

namespace contrail::inline v0::detail {

/// Those who come along with every Loop. Never destroyed: statics may still make Loops.
class Companions {
 public:
  using Maker = std::shared_ptr<void> (*)(Loop&);
  void add(Maker maker) {
    std::lock_guard lock(mutex_);
    makers_.push_back(maker);
  }
  /// A copy: a maker may add another one.
  std::vector<Maker> all() {
    std::lock_guard lock(mutex_);
    return makers_;
  }

 private:
  std::mutex mutex_;
  std::vector<Maker> makers_;
};
inline Companions& companions() {
  static auto* instance = new Companions;
  return *instance;
}

}  // namespace contrail::inline v0::detail
