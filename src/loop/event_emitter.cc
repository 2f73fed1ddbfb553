#include "contrail/event_emitter.h"

#include <fmt/core.h>

#include <cstdio>

namespace contrail::inline v0::detail {

std::uint64_t next_listener_number() noexcept {
  static thread_local std::uint64_t last = 0;
  return ++last;
}

void warn_of_listeners(std::string_view event, std::size_t count, std::size_t max) {
  fmt::print(stderr,
             "contrail: possible EventEmitter memory leak: {} listeners of \"{}\" were added, the "
             "maximum is {}; set_max_listeners() raises it\n",
             count, event, max);
}

void throw_no_listener() {
  throw std::invalid_argument("EventEmitter: the function to call is empty");
}

}  // namespace contrail::inline v0::detail
