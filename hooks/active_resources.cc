#include "contrail/hooks/active_resources.h"

#include <algorithm>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

#include "contrail/hooks/signal_text.h"
#include "contrail/loop.h"
#include "hooks/ancestry.h"

namespace contrail::inline v0::hooks {

namespace {

/// Knows what is recorded, and besides what is open: that has its site and its trigger anyway.
class Causes {
 public:
  explicit Causes(std::span<const ActiveResource> open) : ancestry_(Ancestry::here()) {
    for (const ActiveResource& each : open) open_.emplace(each.async_id, &each);
  }

  std::vector<AsyncFrame> of(AsyncId id, std::size_t frames_max) const {
    std::vector<AsyncFrame> frames;
    while (id != no_async_id && frames.size() < frames_max) {
      frames.push_back(frame(id));
      id = frames.back().trigger_id;
    }
    return frames;
  }

 private:
  AsyncFrame frame(AsyncId id) const {
    if (id == root_async_id) return {.id = id, .type = "root", .alive = true};
    const AsyncFrame recorded = ancestry_ ? ancestry_->frame(id) : AsyncFrame{.id = id};
    const auto found = open_.find(id);
    if (!recorded.type.empty() || found == open_.end()) return recorded;
    const ActiveResource& open = *found->second;
    return {.id = id,
            .trigger_id = open.trigger_async_id,
            .type = open.type,
            .site = open.site,
            .age = std::chrono::nanoseconds(-1),
            .alive = true};
  }

  const Ancestry* ancestry_;
  std::unordered_map<AsyncId, const ActiveResource*> open_;
};

struct Gathered {
  ActiveGroup group;
  AsyncId oldest = no_async_id;
  bool oldest_has_ref = false;
};

/// Ids grow with time.
void add(Gathered& to, const ActiveResource& open) {
  to.group.type = open.type;
  to.group.site = open.site;
  ++to.group.count;
  if (open.has_ref) ++to.group.with_ref;
  const bool first = to.oldest == no_async_id || (open.has_ref && !to.oldest_has_ref);
  if (first || (open.has_ref == to.oldest_has_ref && open.async_id < to.oldest)) {
    to.oldest = open.async_id;
    to.oldest_has_ref = open.has_ref;
  }
}

std::vector<ActiveGroup> grouped(std::span<const ActiveResource> open,
                                 const ActiveResourcesOptions& options) {
  const Causes causes(open);
  std::map<std::pair<std::string_view, std::uint64_t>, std::size_t> places;
  std::vector<Gathered> all;
  for (const ActiveResource& each : open) {
    if (options.only_with_ref && !each.has_ref) continue;
    const auto [place, is_new] = places.try_emplace({each.type, each.site.word()}, all.size());
    if (is_new) all.emplace_back();
    add(all[place->second], each);
  }
  std::stable_partition(all.begin(), all.end(),
                        [](const Gathered& each) { return each.group.with_ref > 0; });
  std::vector<ActiveGroup> groups;
  for (Gathered& each : all) {
    each.group.oldest = causes.of(each.oldest, std::max<std::size_t>(options.frames_max, 1));
    groups.push_back(std::move(each.group));
  }
  return groups;
}

void write_cause(SignalText& to, const AsyncFrame& frame) {
  if (frame.type.empty()) {
    to.text("resource ").number(frame.id);
  } else {
    write_name(to, frame);
  }
}

/// Delay, age and causes of the oldest.
void write_origin(SignalText& to, const ActiveGroup& group) {
  const AsyncFrame& oldest = group.oldest.front();
  write_delay(to, oldest);
  const bool aged = oldest.age.count() >= 0 && !oldest.type.empty();
  if (group.oldest.size() > 1 || aged) to.text(", made");
  if (aged) to.text(" ").duration(oldest.age).text(" ago");
  for (std::size_t i = 1; i < group.oldest.size(); ++i) {
    to.text(i == 1 ? " by " : ", by ");
    write_cause(to, group.oldest[i]);
  }
}

void write_group(SignalText& to, const ActiveGroup& group) {
  to.text(group.with_ref > 0 ? "  keeps it alive: " : "  does not: ");
  write_name(to, {.type = group.type, .site = group.site});
  if (group.count > 1) {
    to.text(" (").number(group.count).text(" of them");
    if (group.with_ref > 0 && group.with_ref < group.count) {
      to.text(", ").number(group.with_ref).text(" do");
    }
    to.text(")");
  }
  if (group.oldest.empty()) {
    to.text(group.type.starts_with("uv_") ? ", a handle that is not contrail's" : "");
  } else {
    write_origin(to, group);
  }
  to.text("\n");
}

}  // namespace

std::vector<ActiveGroup> active_groups(ActiveResourcesOptions options) {
  return grouped(Loop::current().active_resources(), options);
}

std::string active_resources_text(ActiveResourcesOptions options) {
  const std::vector<ActiveResource> open = Loop::current().active_resources();
  const auto with_ref = std::count_if(open.begin(), open.end(),
                                      [](const ActiveResource& each) { return each.has_ref; });
  std::string text;
  SignalText to(text);
  to.text("loop ").number(Loop::current().number());
  if (open.empty()) {
    to.text(": nothing is open\n");
  } else {
    to.text(" is kept alive by ").number(with_ref).text(" of ").number(open.size());
    to.text(open.size() == 1 ? " resource:\n" : " resources:\n");
  }
  for (const ActiveGroup& group : grouped(open, options)) write_group(to, group);
  to.flush();
  return text;
}

}  // namespace contrail::inline v0::hooks
