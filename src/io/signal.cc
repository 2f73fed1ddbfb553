#include "contrail/signal.h"

#include <fmt/core.h>

#include <cstring>
#include <optional>
#include <string>

#include "src/io/promised.h"
#include "src/io/raw_terminals.h"
#include "src/io/tell_later.h"
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
  State(int number, CreationSite made_at) : details{number}, site(made_at) {
    uv_signal_init(loop().uv, &handle);  // It cannot fail once there is a Loop.
    opened(&handle);
    set_ref(false);
  }

  void start();
  void arrived();

  const char* name() const noexcept override { return "SignalWatcher"; }
  AsyncResource& resource() noexcept override { return *its_resource; }
  const AsyncResource* about() const noexcept override {
    return its_resource ? &*its_resource : nullptr;
  }
  Error error(int status) const override {
    return Error(status, "signal", name_of(details.number));
  }

  uv_signal_t handle{};
  bool once = false;
  Details details;
  CreationSite site;
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
      &handle, [](uv_signal_t* signal, int) { owner_of<State>(signal->data).arrived(); },
      details.number);
  if (status == UV_EINVAL) {
    throw Error(status, "signal", name_of(details.number), "this signal cannot be caught");
  }
  if (status < 0) throw error(status);
  its_resource.emplace(signal_type, AnyRef::to(details), site);
}

void SignalWatcher::State::arrived() {
  detail::run_callback(*its_resource, [this] {
    if (!is_open()) return;  // A hook has closed it.
    if (once) close();
    waiting.settle_all(details.number);
    listener.call(details.number);
  });
}

void SignalWatcher::CloseState::operator()(State* state) const noexcept { state->let_go(); }

SignalWatcher::SignalWatcher(int number, Function<void(int)> fn, CreationSite site)
    : state_(new State(number, site)) {
  state_->start();
  state_->listener.set(std::move(fn));
}
SignalWatcher::SignalWatcher(SignalWatcher&&) noexcept = default;
SignalWatcher& SignalWatcher::operator=(SignalWatcher&&) noexcept = default;
SignalWatcher::~SignalWatcher() = default;

SignalWatcher SignalWatcher::once(int number, Function<void(int)> fn, CreationSite site) {
  SignalWatcher watcher(number, std::move(fn), site);
  watcher.state_->once = true;
  return watcher;
}

SignalWatcher::State& SignalWatcher::state() const {
  return detail::in_use(state_.get(), "SignalWatcher");
}

void SignalWatcher::on_signal(Function<void(int)> fn) { state().listener.set(std::move(fn)); }

Promise<int> SignalWatcher::wait(std::stop_token stop, CreationSite site) {
  return state().wait(std::move(stop), site);
}

SignalWatcher& SignalWatcher::ref() noexcept {
  state().set_ref(true);
  return *this;
}
SignalWatcher& SignalWatcher::unref() noexcept {
  state().set_ref(false);
  return *this;
}
bool SignalWatcher::has_ref() const noexcept { return is_open() && state().has_ref(); }

void SignalWatcher::close() noexcept {
  if (state_) state_->close();
}
bool SignalWatcher::is_open() const noexcept { return state_ && state_->is_open(); }
int SignalWatcher::number() const { return state().details.number; }
AsyncId SignalWatcher::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

/// A watcher that owns itself until it closes, as it is what its own callback has captured.
struct NextSignal final : detail::Cancellable {
  NextSignal(int number, CreationSite site) : watcher(SignalWatcher::once(number, {}, site)) {}

  /// nullptr if there can be no such watcher; fn is then told in a tick.
  static Cancellable* start(int number, Callback<int> fn, CreationSite site) {
    try {
      auto self = std::make_unique<NextSignal>(number, site);
      NextSignal& its = *self;
      its.fn = std::move(fn);
      auto& state = its.watcher.state();
      state.listener.set([self = std::move(self)](int arrived) { self->fn(arrived); });
      return &its;
    } catch (const Error& failure) {
      detail::tell_later(std::move(fn), failure, site);
      return nullptr;
    }
  }

  bool cancel() noexcept override {
    Callback<int> told = std::move(fn);
    const Error failure = watcher.state().error(UV_ECANCELED);
    watcher.close();
    told(failure);
    return true;
  }

  SignalWatcher watcher;
  Callback<int> fn;
};

Promise<int> next_signal(int number, std::stop_token stop, CreationSite site) {
  const std::string subject = name_of(number);
  return detail::promised<int>({std::move(stop), site, "signal", subject}, [&](Callback<int> fn) {
    return NextSignal::start(number, std::move(fn), site);
  });
}

void next_signal(int number, Callback<int> fn, CreationSite site) {
  NextSignal::start(number, std::move(fn), site);
}

}  // namespace contrail::inline v0
