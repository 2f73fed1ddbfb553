#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/contrail_trace/recording.h"

namespace contrail::trace {

/// Nanoseconds of "500ms", "2s", "1.5s", "10us", "250ns" or "1m"; nothing for anything else.
std::optional<std::int64_t> parse_duration(const std::string& text);

struct FilterOptions {
  std::vector<std::string> types = {};
  std::optional<std::uint64_t> request = {};
  /// Back from the end of the recording.
  std::optional<std::int64_t> since = {};
  std::optional<std::int64_t> until = {};
};

/// Which part of a recording is asked for.
class Filter {
 public:
  Filter(const FilterOptions& options, const Recording& recording);

  /// Whether something of that time, request and group belongs to it, at least in part.
  bool accepts(std::int64_t begin, std::int64_t end, std::uint64_t request,
               std::uint32_t group) const {
    return end >= since_ && begin <= until_ && (!request_ || *request_ == request) &&
           accepted_groups_[group];
  }

  /// Nothing in the recording is later, but for damages.
  std::int64_t known_until() const { return known_until_; }

 private:
  std::int64_t known_until_;
  std::int64_t since_;
  std::int64_t until_;
  std::optional<std::uint64_t> request_;
  std::vector<bool> accepted_groups_;
};

}  // namespace contrail::trace
