#include "contrail/hooks/event_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "contrail/async_hook.h"
#include "contrail/execution.h"
#include "contrail/hook_slot.h"
#include "contrail/loop.h"
#include "contrail/timers.h"
#include "hooks/debug_variable.h"

namespace contrail::inline v0::hooks {

struct EventLog::State : std::enable_shared_from_this<EventLog::State> {
  State(Sink sink, EventLogOptions options);

  void init(const ResourceInfo& made);
  void before(AsyncId id);
  void after(AsyncId id);
  void destroy(AsyncId id);
  void promise_resolve(AsyncId id);
  void enable() {
    if (hook_.enabled()) return;
    running_.clear();  // Whose end it has missed.
    hook_.enable();
  }
  void disable() noexcept { hook_.disable(); }

 private:
  bool shown(std::string_view type) const;
  const std::string* shown_type(AsyncId id);
  void print(std::string_view event, std::string_view type, AsyncId id,
             std::string_view rest = {}) {
    print(event, type, id, rest, running_.size());
  }
  /// The last thing to do: the sink may end the log.
  void print(std::string_view event, std::string_view type, AsyncId id, std::string_view rest,
             std::size_t depth);

  Sink sink_;
  const EventLogOptions options_;
  std::set<std::string, std::less<>> type_names_;
  HookSlot<const std::string*> types_;  ///< nullptr for what is not shown.
  std::vector<AsyncId> running_;        ///< Those shown, innermost last.
  std::string line_;
  bool printing_ = false;
  AsyncHook hook_;
};

namespace {

std::string number(AsyncId id) {
  return id == unassigned_async_id ? "-1" : fmt::format_int(id).str();
}

std::string details_of(const ResourceInfo& made) {
  const auto* timer = made.details.as<Timeout::Details>();
  if (!timer) return {};
  return fmt::format(" ({}{} ms)", timer->repeat ? "every " : "", timer->delay.count());
}

}  // namespace

EventLog::State::State(Sink sink, EventLogOptions options)
    : sink_(std::move(sink)), options_(std::move(options)), hook_([this] {
        HookCallbacks callbacks{
            .init = [this](const ResourceInfo& made) { init(made); },
            .before = [this](AsyncId id) { before(id); },
            .after = [this](AsyncId id) { after(id); },
            .destroy = [this](AsyncId id) { destroy(id); },
            .track_promises = options_.track_promises,
            .only_sampled = options_.only_sampled,
        };
        if (options_.track_promises) {
          callbacks.promise_resolve = [this](AsyncId id) { promise_resolve(id); };
        }
        return callbacks;
      }()) {
  hook_.enable();
}

void EventLog::State::init(const ResourceInfo& made) {
  if (printing_ || !shown(made.type)) {
    types_.emplace(nullptr);
    return;
  }
  const std::string& type = *type_names_.emplace(made.type).first;
  types_.emplace(&type);
  std::string rest = " by " + number(made.trigger_async_id);
  if (execution_async_id() != made.trigger_async_id) rest += " in " + number(execution_async_id());
  print("init", type, made.async_id, rest + details_of(made));
}

void EventLog::State::before(AsyncId id) {
  const std::string* type = shown_type(id);
  if (!type) return;
  const std::size_t depth = running_.size();
  running_.push_back(id);
  print("before", *type, id, {}, depth);
}

void EventLog::State::after(AsyncId id) {
  const std::string* type = shown_type(id);
  if (!type) return;
  // The log may have started in the middle of this callback.
  const auto started = std::find(running_.rbegin(), running_.rend(), id);
  if (started != running_.rend()) running_.erase(std::prev(started.base()), running_.end());
  print("after", *type, id);
}

void EventLog::State::destroy(AsyncId id) {
  const std::string* const* known = types_.get();
  // Of those that are older than the log, nobody knows the type any more.
  if (known ? *known != nullptr : shown({})) print("destroy", known ? **known : "resource", id);
}

void EventLog::State::promise_resolve(AsyncId id) {
  if (const std::string* type = shown_type(id)) print("resolve", *type, id);
}

bool EventLog::State::shown(std::string_view type) const {
  const auto& wanted = options_.only_types;
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), type) != wanted.end();
}

/// nullptr if the resource is not shown. One that is older than the log shows its type by running.
const std::string* EventLog::State::shown_type(AsyncId id) {
  if (const std::string* const* known = types_.get()) return *known;
  const ResourceInfo running = execution_async_resource();
  const std::string_view type = running.async_id == id ? running.type : std::string_view();
  return shown(type) ? &*type_names_.emplace(type.empty() ? "resource" : type).first : nullptr;
}

void EventLog::State::print(std::string_view event, std::string_view type, AsyncId id,
                            std::string_view rest, std::size_t depth) {
  if (printing_) return;
  const auto keep = shared_from_this();
  printing_ = true;
  line_.clear();
  fmt::format_to(std::back_inserter(line_), "{}{:{}}{} {} {}{}", options_.prefix, "", 2 * depth,
                 event, type, number(id), rest);
  sink_(line_);
  printing_ = false;
}

EventLog::EventLog(std::FILE* file, EventLogOptions options)
    : EventLog(Sink([file, text = std::string()](std::string_view line) mutable {
                 text.assign(line).push_back('\n');  // In one piece: others may be writing too.
                 std::fwrite(text.data(), 1, text.size(), file);
               }),
               std::move(options)) {}

EventLog::EventLog(Sink sink, EventLogOptions options)
    : state_(std::make_shared<State>(std::move(sink), std::move(options))) {}

EventLog::EventLog(EventLog&&) noexcept = default;
EventLog& EventLog::operator=(EventLog&&) noexcept = default;
EventLog::~EventLog() = default;

EventLog& EventLog::enable() {
  state_->enable();
  return *this;
}

EventLog& EventLog::disable() noexcept {
  state_->disable();
  return *this;
}

namespace {

std::shared_ptr<void> log_if_switched_on(Loop& loop) {
  if (!switched_on("async_hooks")) return nullptr;
  // Every Loop counts its ids from 2: tell them apart, unless there is only one.
  const std::string which = loop.number() == 1 ? "" : fmt::format(" loop {}", loop.number());
  return std::make_shared<EventLog>(
      stderr, EventLogOptions{.prefix = fmt::format("ASYNC_HOOKS {}{}: ", getpid(), which)});
}

}  // namespace

bool heed_debug_variable() {
  static const bool once = (Loop::add_companion(log_if_switched_on), true);
  return once;
}

}  // namespace contrail::inline v0::hooks
