#include <fmt/core.h>

#include <limits>
#include <optional>
#include <utility>

#include "contrail/fs_watcher.h"
#include "src/io/fs_request.h"
#include "src/io/fs_stat.h"
#include "src/io/watcher_state.h"

namespace contrail::inline v0 {
namespace {

inline constexpr ResourceType stat_watcher_type{resource_types::stat_watcher.name,
                                                &AnyRef::tag_of<StatWatcher::Details>};

fs::Time time_of(const uv_timespec_t& time) noexcept {
  return detail::from_system(timespec{time.tv_sec, time.tv_nsec});
}

fs::Stat from_uv(const uv_stat_t& status) noexcept {
  return {.size = status.st_size,
          .mode = static_cast<std::uint32_t>(status.st_mode),
          .modified = time_of(status.st_mtim),
          .accessed = time_of(status.st_atim),
          .changed = time_of(status.st_ctim),
          .device = status.st_dev,
          .inode = status.st_ino,
          .links = status.st_nlink,
          .user = static_cast<std::uint32_t>(status.st_uid),
          .group = static_cast<std::uint32_t>(status.st_gid),
          .blocks = status.st_blocks};
}

}  // namespace

struct StatWatcher::State final
    : detail::WatcherState<StatChange, const fs::Stat&, const fs::Stat&> {
  State(fs::Path path, CreationSite made_at) : details{std::move(path)}, site(made_at) {}

  void start(std::chrono::milliseconds interval);
  void on_change(const StatChange& change);

  const char* name() const noexcept override { return "StatWatcher"; }
  AsyncResource& resource() noexcept override { return *its_resource; }
  const AsyncResource* about() const noexcept override {
    return its_resource ? &*its_resource : nullptr;
  }
  Error error(int status) const override { return Error(status, "stat", details.path.string()); }

  uv_fs_poll_t handle{};
  Details details;
  CreationSite site;
  std::optional<AsyncResource> its_resource;  ///< Since it has started.

 private:
  void closed() noexcept override {
    if (its_resource) WatcherState::closed();
  }
};

void StatWatcher::State::start(std::chrono::milliseconds interval) {
  if (auto refused = detail::refusal("stat", details.path)) throw *refused;
  constexpr auto longest = std::numeric_limits<unsigned>::max();
  if (interval.count() < 1 || interval.count() > longest) {
    throw Error(UV_EINVAL, "stat", details.path.string(),
                fmt::format("an interval of {} ms is not possible", interval.count()));
  }
  uv_fs_poll_init(loop().uv, &handle);  // It cannot fail.
  opened(&handle);
  its_resource.emplace(stat_watcher_type, AnyRef::to(details), site);
  const int status = uv_fs_poll_start(
      &handle,
      [](uv_fs_poll_t* poll, int, const uv_stat_t* previous, const uv_stat_t* current) {
        owner_of<State>(poll->data).on_change({from_uv(*current), from_uv(*previous)});
      },
      details.path.c_str(), static_cast<unsigned>(interval.count()));
  if (status < 0) throw error(status);
}

void StatWatcher::State::on_change(const StatChange& change) {
  detail::run_callback(*its_resource, [&] {
    if (!is_open()) return;  // A hook has closed it.
    waiting.settle_all(change);
    listener.call(change.current, change.previous);
  });
}

void StatWatcher::CloseState::operator()(State* state) const noexcept { state->let_go(); }

StatWatcher::StatWatcher(fs::Path path, std::chrono::milliseconds interval, CreationSite site)
    : state_(new State(std::move(path), site)) {
  state_->start(interval);
}
StatWatcher::StatWatcher(StatWatcher&&) noexcept = default;
StatWatcher& StatWatcher::operator=(StatWatcher&&) noexcept = default;
StatWatcher::~StatWatcher() = default;

StatWatcher::State& StatWatcher::state() const {
  return detail::in_use(state_.get(), "StatWatcher");
}

void StatWatcher::on_change(Function<void(const fs::Stat&, const fs::Stat&)> fn) {
  state().listener.set(std::move(fn));
}

Promise<StatChange> StatWatcher::wait(std::stop_token stop, CreationSite site) {
  return state().wait(std::move(stop), site);
}

void StatWatcher::close() noexcept {
  if (state_) state_->close();
}
bool StatWatcher::is_open() const noexcept { return state_ && state_->is_open(); }

StatWatcher& StatWatcher::ref() noexcept {
  state().set_ref(true);
  return *this;
}
StatWatcher& StatWatcher::unref() noexcept {
  state().set_ref(false);
  return *this;
}
bool StatWatcher::has_ref() const noexcept { return is_open() && state().has_ref(); }

const fs::Path& StatWatcher::path() const { return state().details.path; }
AsyncId StatWatcher::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

}  // namespace contrail::inline v0
