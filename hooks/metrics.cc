#include "contrail/hooks/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/event_time.h"
#include "contrail/execution.h"
#include "contrail/hook_slot.h"
#include "hooks/json_text.h"
#include "hooks/resource_groups.h"
#include "hooks/time_buckets.h"

namespace contrail::inline v0::hooks {
namespace {

struct TypeNumbers {
  std::uint64_t created = 0;
  std::uint64_t destroyed = 0;
  std::uint64_t live = 0;
  std::uint64_t settled = 0;
  TimeBuckets waited;
  TimeBuckets ran;
};

/// What is noted about a resource.
struct Seen {
  std::int64_t made_at;  ///< never, once it has run.
  std::uint32_t type;
  std::uint32_t period;
};

struct Running {
  AsyncId id;
  std::int64_t since;
  std::uint32_t type;
};

constexpr std::int64_t never = -1;

std::int64_t now() noexcept { return event_time().time_since_epoch().count(); }

bool is_metric_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), fits);
}

/// As the value of a label. Bytes that are no UTF-8 become text, so that types stay apart.
std::string escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    const char first = text.front();
    if (bytes == 0) {
      result += fmt::format("\\\\x{:02x}", static_cast<unsigned char>(first));
    } else if (first == '\n') {
      result += "\\n";
    } else {
      if (first == '\\' || first == '"') result += '\\';
      result += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return result;
}

constexpr std::string_view other_types = "(other)";

}  // namespace

struct Metrics::State {
  explicit State(MetricsOptions its_options);

  void init(const ResourceInfo& made);
  void before(AsyncId id);
  void after(AsyncId id);
  void destroy();
  void settled();
  std::string text() const;
  void enable();
  void disable() noexcept { hook_.disable(); }

 private:
  TypeNumbers& numbers(std::uint32_t type);
  std::string label(std::size_t type) const;
  /// The types that came when there were too many have a line only if there are any.
  std::size_t first_type() const { return numbers_[0].created == 0 ? 1 : 0; }
  void write(std::string& out, std::string_view name, std::string_view kind, std::string_view help,
             std::uint64_t TypeNumbers::*number) const;
  void write(std::string& out, std::string_view name, std::string_view help,
             TimeBuckets TypeNumbers::*buckets) const;

  const MetricsOptions options_;
  HookSlot<Seen> seen_;
  ResourceGroups types_;  ///< Without sites: by type only.
  std::vector<TypeNumbers> numbers_{1};
  std::vector<Running> running_;
  std::uint32_t period_ = 0;  ///< From enable() to disable().
  AsyncHook hook_;
};

Metrics::State::State(MetricsOptions its_options)
    : options_(std::move(its_options)), types_(options_.types_max), hook_([this] {
        HookCallbacks callbacks{
            .init = [this](const ResourceInfo& made) { init(made); },
            .before = [this](AsyncId id) { before(id); },
            .after = [this](AsyncId id) { after(id); },
            .destroy = [this](AsyncId) { destroy(); },
            .track_promises = options_.track_promises,
            .only_sampled = options_.only_sampled,
        };
        if (options_.track_promises) callbacks.promise_resolve = [this](AsyncId) { settled(); };
        return callbacks;
      }()) {
  if (!is_metric_name(options_.prefix)) {
    throw std::invalid_argument(
        fmt::format("Metrics: \"{}\" cannot begin the name of a metric", options_.prefix));
  }
  hook_.enable();
}

void Metrics::State::enable() {
  if (hook_.enabled()) return;
  ++period_;  // Whether what was alive still is, nobody has heard.
  for (TypeNumbers& its : numbers_) its.live = 0;
  running_.clear();
  hook_.enable();
}

TypeNumbers& Metrics::State::numbers(std::uint32_t type) {
  if (type >= numbers_.size()) [[unlikely]]
    numbers_.resize(types_.size());
  return numbers_[type];
}

void Metrics::State::init(const ResourceInfo& made) {
  const std::uint32_t type = types_.of({.type = made.type});
  TypeNumbers& its = numbers(type);
  ++its.created;
  ++its.live;
  seen_.emplace({now(), type, period_});
}

void Metrics::State::before(AsyncId id) {
  const std::int64_t time = now();
  Seen* seen = seen_.get();
  // Older than this: its type is known while it runs.
  const std::uint32_t type =
      seen ? seen->type : types_.of({.type = execution_async_resource().type});
  if (seen && seen->made_at != never) {
    numbers(type).waited.add(time - std::exchange(seen->made_at, never));
  }
  running_.push_back({id, time, type});
}

void Metrics::State::after(AsyncId id) {
  // One that began before this did, or while it was disabled, is not among them.
  while (!running_.empty()) {
    const Running ended = running_.back();
    if (ended.id != id && std::none_of(running_.begin(), running_.end(),
                                       [id](const Running& other) { return other.id == id; })) {
      return;
    }
    running_.pop_back();
    if (ended.id != id) continue;  // Its end was not heard.
    numbers(ended.type).ran.add(now() - ended.since);
    return;
  }
}

void Metrics::State::destroy() {
  const Seen* seen = seen_.get();
  if (!seen) return;
  TypeNumbers& its = numbers(seen->type);
  ++its.destroyed;
  if (seen->period == period_) --its.live;
  seen_.erase();
}

void Metrics::State::settled() {
  if (const Seen* seen = seen_.get()) ++numbers(seen->type).settled;
}

std::string Metrics::State::label(std::size_t type) const {
  if (type == ResourceGroups::none) return std::string(other_types);
  const std::string& name = types_[type].type;
  return name == other_types ? name + '_' : escaped(name);  // One series each.
}

void Metrics::State::write(std::string& out, std::string_view name, std::string_view kind,
                           std::string_view help, std::uint64_t TypeNumbers::*number) const {
  const std::string whole = fmt::format("{}_{}", options_.prefix, name);
  auto to = std::back_inserter(out);
  fmt::format_to(to, "# HELP {} {}\n# TYPE {} {}\n", whole, help, whole, kind);
  for (std::size_t type = first_type(); type < numbers_.size(); ++type) {
    if (number == &TypeNumbers::settled && numbers_[type].settled == 0) continue;
    fmt::format_to(to, "{}{{type=\"{}\"}} {}\n", whole, label(type), numbers_[type].*number);
  }
}

void Metrics::State::write(std::string& out, std::string_view name, std::string_view help,
                           TimeBuckets TypeNumbers::*buckets) const {
  const std::string whole = fmt::format("{}_{}", options_.prefix, name);
  auto to = std::back_inserter(out);
  fmt::format_to(to, "# HELP {} {}\n# TYPE {} histogram\n", whole, help, whole);
  for (std::size_t type = first_type(); type < numbers_.size(); ++type) {
    const TimeBuckets& its = numbers_[type].*buckets;
    const std::string its_label = label(type);
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket <= TimeBuckets::ends.size(); ++bucket) {
      count += its.count_in(bucket);
      const std::string end =
          bucket == TimeBuckets::ends.size()
              ? "+Inf"
              : fmt::format("{}", static_cast<double>(TimeBuckets::ends[bucket]) / 1e9);
      fmt::format_to(to, "{}_bucket{{type=\"{}\",le=\"{}\"}} {}\n", whole, its_label, end, count);
    }
    fmt::format_to(to, "{}_sum{{type=\"{}\"}} {}\n", whole, its_label,
                   static_cast<double>(its.sum()) / 1e9);
    fmt::format_to(to, "{}_count{{type=\"{}\"}} {}\n", whole, its_label, count);
  }
}

std::string Metrics::State::text() const {
  std::string out;
  write(out, "resources_created_total", "counter", "Resources made.", &TypeNumbers::created);
  write(out, "resources_destroyed_total", "counter", "Resources gone.", &TypeNumbers::destroyed);
  write(out, "resources_live", "gauge", "Resources made and not gone.", &TypeNumbers::live);
  write(out, "promises_settled_total", "counter", "Promises settled, either way.",
        &TypeNumbers::settled);
  write(out, "wait_seconds", "From init to the first callback.", &TypeNumbers::waited);
  write(out, "callback_seconds", "How long callbacks ran.", &TypeNumbers::ran);
  return out;
}

Metrics::Metrics(MetricsOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Metrics::Metrics(Metrics&&) noexcept = default;
Metrics& Metrics::operator=(Metrics&&) noexcept = default;
Metrics::~Metrics() = default;

Metrics& Metrics::enable() {
  state_->enable();
  return *this;
}

Metrics& Metrics::disable() noexcept {
  state_->disable();
  return *this;
}

std::string Metrics::prometheus() const { return state_->text(); }

}  // namespace contrail::inline v0::hooks
