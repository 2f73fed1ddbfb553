#include "src/async/environment.h"

#include <fmt/core.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace contrail::inline v0::detail {

constinit thread_local HotLine hot;

void reset_hot_line() noexcept {
  hot = HotLine{.frame = hot.frame,
                .thread = hot.thread,
                .frame_is_fresh = hot.frame_is_fresh,
                .runs_pool_job = hot.runs_pool_job};
}

void die(std::string_view sentence) noexcept {
  fmt::print(stderr, "{}\n", sentence);
  std::fflush(stderr);
  std::abort();
}

void die_moved_from(std::string_view type) noexcept {
  die(fmt::format("contrail: this {} was used after it was moved from", type));
}

void die_without_loop() noexcept {
  die("contrail: there is no Loop on this thread: create one before anything asynchronous, or "
      "reach another thread's by Loop::post()");
}

namespace {
std::atomic<bool> exiting = false;
}

bool process_exits() noexcept { return exiting; }

void Environment::hear_of_exit() {
  if (!std::exchange(hears_of_exit_, true)) std::atexit([] { exiting = true; });
}

const ResourceType& TypeNames::find_or_add(std::string_view name, const void* details_tag) {
  struct Kinds {
    std::mutex mutex;
    std::map<std::pair<std::string, const void*>, ResourceType, std::less<>> known;
  };
  static auto& kinds = *new Kinds;  // Never destroyed: nor are the resources with static storage.
  std::lock_guard lock(kinds.mutex);
  const auto [found, is_new] = kinds.known.try_emplace({std::string(name), details_tag});
  if (is_new) found->second = {found->first.first, details_tag};
  return found->second;
}

}  // namespace contrail::inline v0::detail
