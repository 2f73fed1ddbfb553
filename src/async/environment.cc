#include "src/async/environment.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

namespace contrail::inline v0::detail {

constinit thread_local HotLine hot;

void die(std::string_view sentence) noexcept {
  fmt::print(stderr, "{}\n", sentence);
  std::fflush(stderr);
  std::abort();
}

void die_moved_from(std::string_view type) noexcept {
  die(fmt::format("contrail: this {} was used after it was moved from", type));
}

void die_without_loop() noexcept {
  die("contrail: there is no Loop on this thread: create one before anything asynchronous");
}

const ResourceType& TypeNames::find_or_add(std::string_view name, const void* details_tag) {
  for (const Kind& kind : kinds_) {
    if (kind.type.details_tag == details_tag && kind.name == name) return kind.type;
  }
  return kinds_.emplace_back(name, details_tag).type;
}

}  // namespace contrail::inline v0::detail
