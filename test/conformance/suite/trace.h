#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "contrail/resource_info.h"

namespace contrail::conformance {

/// The trace: lines in memory, in which ids go by the order in which they were met.
class Trace {
 public:
  explicit Trace(bool prints_collected) : prints_collected_(prints_collected) {}

  const std::string& text() const noexcept { return text_; }

  void print(std::string_view line);
  void print_missing(std::string_view name);
  void print_id(std::string_view name, AsyncId id);
  void print_resource(std::string_view name, AsyncId id, AsyncId trigger);

  void print_init(std::string_view hook, const ResourceInfo& resource);
  void print_event(std::string_view hook, std::string_view event, AsyncId id);
  /// Only for what has been met before; and, like a garbage collector that never comes, not for
  /// what merely died.
  bool print_destroy(std::string_view hook, AsyncId id);  ///< Whether it did.

  /// `execution`, `trigger`: what is running. Each is met when it is printed.
  std::string executing();
  std::string triggering();

  /// Called first thing inside main: whatever the ids are there, they have names from now on.
  void name_main();

  /// Its destroy is an event of the program, and not only the end of a lifetime.
  void note_destroyable(AsyncId id) { destroyable_.insert(id); }
  /// The same for what is running now, unless it is a promise or a bound function.
  void note_executing();

 private:
  std::string meet(AsyncId id);
  void note_type(AsyncId id, std::string_view type);

  const bool prints_collected_;
  std::string text_;
  std::unordered_map<AsyncId, std::string> names_ = {{no_async_id, "0"}, {root_async_id, "1"}};
  int next_number_ = 3;
  std::unordered_set<AsyncId> destroyable_;
};

}  // namespace contrail::conformance
