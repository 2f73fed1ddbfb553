#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contrail/detail/export.h"

namespace contrail::inline v0::testing {

/// What happened, one line an event, in which resources go by stand-in ids: a type and anything
/// that tells them apart (`Timeout:1`, `Timeout:first`), or `#` and a name (`#3`).
///
/// Two traces are equal if their lines are, once each id of one stands for one of the other: how
/// resources were numbered does not matter, who caused whom does.
class CONTRAIL_API Trace {
 public:
  Trace() = default;
  /// Blank lines, and the space around lines, do not count.
  explicit Trace(std::string_view text);

  Trace& add(std::string_view line);
  const std::vector<std::string>& lines() const noexcept { return lines_; }
  std::string text() const;
  /// The same with each id replaced by type and order of appearance.
  Trace canonical() const;

  friend bool operator==(const Trace& a, const Trace& b) {
    return a.canonical().lines_ == b.canonical().lines_;
  }

 private:
  std::vector<std::string> lines_;
};

/// What it takes to make `actual` of `expected`; empty if they are equal. Lines of `expected` that
/// did not happen are marked -, lines that happened instead +. Resources that both have go by their
/// names in `expected`; one of `actual` whose name there means another is marked with a *.
///
///       init Timeout:1 by root
///     - init TickObject:1 by Timeout:1
///     + init TickObject:1 by root
CONTRAIL_API std::string diff(const Trace& expected, const Trace& actual);

}  // namespace contrail::inline v0::testing
