#include "contrail/fs_watcher.h"

#include <optional>
#include <utility>

#include "contrail/microtask.h"
#include "src/io/fs_request.h"
#include "src/io/watcher_state.h"

namespace contrail::inline v0 {
namespace {

inline constexpr ResourceType fs_event_type{resource_types::fs_event.name,
                                            &AnyRef::tag_of<FsWatcher::Details>};

}  // namespace

struct FsWatcher::State final : detail::WatcherState<FsEvent, FsChange, std::string_view> {
  State(fs::Path path, CreationSite made_at) : details{std::move(path)}, site(made_at) {}

  void start();
  void on_event(std::string_view name, int events, int status);
  void tell(FsChange kind, std::string_view name);
  void close_and_tell();

  const char* name() const noexcept override { return "FsWatcher"; }
  AsyncResource& resource() noexcept override { return *its_resource; }
  const AsyncResource* about() const noexcept override {
    return its_resource ? &*its_resource : nullptr;
  }
  Error error(int status) const override { return Error(status, "watch", details.path.string()); }

  uv_fs_event_t handle{};
  Function<void()> close_fn;
  Details details;
  CreationSite site;
  std::optional<AsyncResource> its_resource;  ///< Since it has started.

 private:
  void end() noexcept override { close_and_tell(); }
  void closed() noexcept override {
    close_fn = nullptr;
    if (its_resource) WatcherState::closed();
  }
};

void FsWatcher::State::start() {
  if (auto refused = detail::refusal("watch", details.path)) throw *refused;
  uv_fs_event_init(loop().uv, &handle);  // It cannot fail.
  opened(&handle);
  const int status = uv_fs_event_start(
      &handle,
      [](uv_fs_event_t* event, const char* name, int events, int status) {
        owner_of<State>(event->data).on_event(name ? name : "", events, status);
      },
      details.path.c_str(), 0);
  if (status == UV_ENOSPC) {
    throw Error(status, "watch", details.path.string(), "the user has no more file watchers left");
  }
  if (status < 0) throw error(status);
  its_resource.emplace(fs_event_type, AnyRef::to(details), site);
}

void FsWatcher::State::on_event(std::string_view name, int events, int status) {
  detail::run_callback(*its_resource, [&] {
    if (!is_open()) return;  // A hook has closed it.
    if (status >= 0) return tell(events & UV_RENAME ? FsChange::rename : FsChange::change, name);
    // inotify has no such errors. Whoever waits is told, and otherwise the loop's handler.
    const Error failure = error(status);
    const bool is_told = !waiting.empty();
    waiting.fail_all(failure);
    close_and_tell();
    if (!is_told) throw failure;
  });
}

void FsWatcher::State::tell(FsChange kind, std::string_view name) {
  if (!waiting.empty()) waiting.settle_all(FsEvent{kind, std::string(name)});
  listener.call(kind, name);
}

/// In Node, too, it is whoever closes it that causes this tick.
void FsWatcher::State::close_and_tell() {
  if (!is_open()) return;
  close();
  if (close_fn && !detail::hot.tearing_down) next_tick(std::exchange(close_fn, {}), site);
}

void FsWatcher::CloseState::operator()(State* state) const noexcept {
  state->close_and_tell();
  state->let_go();
}

FsWatcher::FsWatcher(fs::Path path, CreationSite site) : state_(new State(std::move(path), site)) {
  state_->start();
}
FsWatcher::FsWatcher(FsWatcher&&) noexcept = default;
FsWatcher& FsWatcher::operator=(FsWatcher&&) noexcept = default;
FsWatcher::~FsWatcher() = default;

FsWatcher::State& FsWatcher::state() const { return detail::in_use(state_.get(), "FsWatcher"); }

void FsWatcher::on_change(Function<void(FsChange, std::string_view)> fn) {
  state().listener.set(std::move(fn));
}

Promise<FsEvent> FsWatcher::wait(std::stop_token stop, CreationSite site) {
  return state().wait(std::move(stop), site);
}

void FsWatcher::on_close(Function<void()> fn) { state().close_fn = std::move(fn); }
void FsWatcher::close() noexcept {
  if (state_) state_->close_and_tell();
}
bool FsWatcher::is_open() const noexcept { return state_ && state_->is_open(); }

FsWatcher& FsWatcher::ref() noexcept {
  state().set_ref(true);
  return *this;
}
FsWatcher& FsWatcher::unref() noexcept {
  state().set_ref(false);
  return *this;
}
bool FsWatcher::has_ref() const noexcept { return is_open() && state().has_ref(); }

const fs::Path& FsWatcher::path() const { return state().details.path; }
AsyncId FsWatcher::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

}  // namespace contrail::inline v0
