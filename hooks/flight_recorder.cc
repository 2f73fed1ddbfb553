#include "contrail/hooks/flight_recorder.h"

#include <chrono>
#include <optional>
#include <utility>

#include "contrail/async_hook.h"
#include "contrail/event_time.h"
#include "contrail/execution.h"
#include "contrail/hook_slot.h"
#include "hooks/flight_file.h"
#include "hooks/resource_groups.h"
#include "hooks/signal_dump.h"

namespace contrail::inline v0::hooks {

struct FlightRecorder::State {
  State(const std::filesystem::path& path, FlightRecorderOptions options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// What its events say of a resource.
  struct Note {
    std::uint64_t request;
    std::uint32_t group;
  };

  HookCallbacks callbacks(const FlightRecorderOptions& options);
  void init(const ResourceInfo& made);
  void tell(FlightEvent event, AsyncId id) {
    const Note* noted = notes.get();
    const Note note = noted ? *noted : note_of_older(id);
    file.put(event, time(), id, note.request, note.group);
  }
  void tell(LoopPhase phase);
  void mark(FlightEvent event) { file.put(event, time(), 0, 0, ResourceGroups::none); }

  std::uint32_t group_of(const ResourceInfo& made) {
    const std::uint32_t group = groups.of(made);
    if (group == file.groups() || group == ResourceGroups::none) [[unlikely]]
      tell_of_group(group);
    return group;
  }
  [[gnu::cold]] void tell_of_group(std::uint32_t group);
  [[gnu::cold]] Note note_of_older(AsyncId id);

  std::int64_t time() const noexcept {
    const auto now = full_precision ? precise_event_time() : event_time();
    return std::chrono::nanoseconds(now.time_since_epoch()).count();
  }

  Function<std::uint64_t()> request;
  const bool full_precision;
  FlightFile file;
  std::optional<SignalDump> signal_dump;
  ResourceGroups groups;
  HookSlot<Note> notes;
  AsyncHook hook;
};

FlightRecorder::State::State(const std::filesystem::path& path, FlightRecorderOptions options)
    : request(std::move(options.request)),
      full_precision(options.full_precision),
      file(path, options.max_bytes, options.groups_max),
      groups(options.groups_max),
      hook(callbacks(options)) {
  file.add(groups[ResourceGroups::none]);
  if (options.dump_signal == 0) return;
  auto copy = options.dump_file;
  if (copy.empty()) copy = std::filesystem::path(path) += ".dump";
  file.mapped().check_that_other(copy);
  file.mapped().check_that_other(SignalDump::unfinished(copy));
  signal_dump.emplace(options.dump_signal, copy, file.header(), file.mapped().size());
}

HookCallbacks FlightRecorder::State::callbacks(const FlightRecorderOptions& options) {
  HookCallbacks callbacks{
      .init = [this](const ResourceInfo& made) { init(made); },
      .before = [this](AsyncId id) { tell(FlightEvent::before, id); },
      .after = [this](AsyncId id) { tell(FlightEvent::after, id); },
      .destroy = [this](AsyncId id) { tell(FlightEvent::destroy, id); },
      .track_promises = options.track_promises,
      .only_sampled = options.only_sampled,
  };
  if (options.track_promises) {
    callbacks.promise_resolve = [this](AsyncId id) { tell(FlightEvent::resolve, id); };
  }
  if (options.loop_phases) callbacks.loop_phase = [this](LoopPhase phase) { tell(phase); };
  return callbacks;
}

void FlightRecorder::State::init(const ResourceInfo& made) {
  const std::uint32_t group = group_of(made);
  const std::uint64_t number = request ? request() : 0;
  notes.emplace({number, group});
  const std::int64_t now = time();
  // Ahead of the init: whoever reads it in order then knows at once.
  if (number != 0) file.put(FlightEvent::request, now, made.async_id, number, group);
  file.put(FlightEvent::init, now, made.async_id, made.trigger_async_id, group);
}

void FlightRecorder::State::tell(LoopPhase phase) {
  if (phase == LoopPhase::poll_begins) mark(FlightEvent::poll_begins);
  if (phase == LoopPhase::poll_ends) mark(FlightEvent::poll_ends);
}

void FlightRecorder::State::tell_of_group(std::uint32_t group) {
  if (group != ResourceGroups::none) file.add(groups[group]);
  file.set_resources_without_group(groups.turned_away());
}

/// Of a resource that is older than the recorder, the type can be told while it runs.
FlightRecorder::State::Note FlightRecorder::State::note_of_older(AsyncId id) {
  const ResourceInfo running = execution_async_resource();
  if (running.async_id != id || running.type.empty()) return {0, ResourceGroups::none};
  const Note note{0, group_of(running)};
  notes.emplace(note);
  return note;
}

FlightRecorder::FlightRecorder(const std::filesystem::path& file, FlightRecorderOptions options)
    : state_(std::make_unique<State>(file, std::move(options))) {
  enable();
}

FlightRecorder::FlightRecorder(FlightRecorder&&) noexcept = default;
FlightRecorder& FlightRecorder::operator=(FlightRecorder&&) noexcept = default;
FlightRecorder::~FlightRecorder() = default;

FlightRecorder& FlightRecorder::enable() {
  if (!enabled()) {
    state_->mark(FlightEvent::enabled);
    state_->hook.enable();
  }
  return *this;
}

FlightRecorder& FlightRecorder::disable() noexcept {
  if (enabled()) {
    state_->hook.disable();
    state_->mark(FlightEvent::disabled);
  }
  return *this;
}

bool FlightRecorder::enabled() const noexcept { return state_ && state_->hook.enabled(); }

void FlightRecorder::dump(const std::filesystem::path& file) const { state_->file.copy_to(file); }

const std::filesystem::path& FlightRecorder::file() const noexcept {
  return state_->file.mapped().path();
}
std::uint64_t FlightRecorder::recorded() const noexcept { return state_->file.recorded(); }
std::uint64_t FlightRecorder::overwritten() const noexcept { return state_->file.overwritten(); }
std::uint64_t FlightRecorder::resources_without_group() const noexcept {
  return state_->groups.turned_away();
}

}  // namespace contrail::inline v0::hooks
