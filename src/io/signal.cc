#include "contrail/signal.h"

#include <fmt/core.h>

#include <cstring>
#include <optional>
#include <string>

#include "contrail/microtask.h"
#include "src/io/promised.h"
#include "src/io/raw_terminals.h"
#include "src/io/watcher_state.h"

namespace contrail::inline v0 {
namespace {

inline constexpr ResourceType signal_type{resource_types::signal.name,
                                          &AnyRef::tag_of<SignalWatcher::Details>};

/// "SIGTERM", or the number of one without a name.
std::string name_of(int number) {
  const char* name = number > 0 ? ::sigabbrev_np(number) : nullptr;
  return name ? fmt::format("SIG{}", name) : fmt::format("{}", number);
}

}  // namespace

struct SignalWatcher::State final : detail::WatcherState<int, int> {
  explicit State(int number) : details{number} {
    uv_signal_init(loop().uv, &handle);  // It cannot fail once there is a Loop.
    opened(&handle);
    uv_unref(uv_handle());
  }

  void start();
  void arrived();
  uv_handle_t* uv_handle() noexcept { return reinterpret_cast<uv_handle_t*>(&handle); }

  const char* name() const noexcept override { return "SignalWatcher"; }
  AsyncResource& resource() noexcept override { return *its_resource; }
  Error error(int status) const override {
    return Error(status, "signal", name_of(details.number));
  }

  uv_signal_t handle{};
  bool once = false;
  Details details;
  std::optional<AsyncResource> its_resource;  ///< Since it has started.

 private:
  void closing() noexcept override {
    uv_signal_stop(&handle);
    detail::raw_terminals::rearm();
  }
  void closed() noexcept override {
    if (its_resource) WatcherState::closed();
  }
};

void SignalWatcher::State::start() {
  const int status = uv_signal_start(
      &handle,
      [](uv_signal_t* signal, int) {
        static_cast<State*>(static_cast<HandleState*>(signal->data))->arrived();
      },
      details.number);
  if (status == UV_EINVAL) {
    throw Error(status, "signal", name_of(details.number), "this signal cannot be caught");
  }
  if (status < 0) throw error(status);
  its_resource.emplace(signal_type, AnyRef::to(details));
}

void SignalWatcher::State::arrived() {
  detail::run_callback(*its_resource, [this] {
    if (!is_open()) return;  // A hook has closed it.
    if (once) close();
    tell_waiting(details.number);
    listener.call(details.number);
  });
}

void SignalWatcher::CloseState::operator()(State* state) const noexcept { state->let_go(); }

SignalWatcher::SignalWatcher(int number, Function<void(int)> fn) : state_(new State(number)) {
  state_->start();
  state_->listener.set(std::move(fn));
}
SignalWatcher::SignalWatcher(SignalWatcher&&) noexcept = default;
SignalWatcher& SignalWatcher::operator=(SignalWatcher&&) noexcept = default;
SignalWatcher::~SignalWatcher() = default;

SignalWatcher SignalWatcher::once(int number, Function<void(int)> fn) {
  SignalWatcher watcher(number, std::move(fn));
  watcher.state_->once = true;
  return watcher;
}

SignalWatcher::State& SignalWatcher::state() const {
  if (!state_) detail::die_moved_from("SignalWatcher");
  state_->check_thread();
  return *state_;
}

void SignalWatcher::on_signal(Function<void(int)> fn) { state().listener.set(std::move(fn)); }

Promise<int> SignalWatcher::wait() {
  return detail::promised<int>([this](Callback<int> fn) { state().wait(std::move(fn)); });
}

void SignalWatcher::ref() noexcept { uv_ref(state().uv_handle()); }
void SignalWatcher::unref() noexcept { uv_unref(state().uv_handle()); }
bool SignalWatcher::has_ref() const noexcept {
  return is_open() && uv_has_ref(state().uv_handle());
}

void SignalWatcher::close() noexcept {
  if (state_) state_->close();
}
bool SignalWatcher::is_open() const noexcept { return state_ && state_->is_open(); }
int SignalWatcher::number() const { return state().details.number; }
AsyncId SignalWatcher::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

Promise<int> next_signal(int number) {
  return detail::promised<int>([&](Callback<int> fn) { next_signal(number, std::move(fn)); });
}

void next_signal(int number, Callback<int> fn) {
  try {
    SignalWatcher watcher = SignalWatcher::once(number, {});
    auto& state = watcher.state();
    // It owns itself until it closes, and so drops its callback.
    state.listener.set(
        [watcher = std::move(watcher), fn = std::move(fn)](int arrived) mutable { fn(arrived); });
  } catch (const Error& failure) {
    next_tick([fn = std::move(fn), failure]() mutable { fn(failure); });
  }
}

}  // namespace contrail::inline v0
