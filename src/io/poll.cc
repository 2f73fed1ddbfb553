#include "contrail/poll.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "contrail/detail/link.h"
#include "src/io/listener.h"
#include "src/io/promised.h"
#include "src/loop/handle.h"

namespace contrail::inline v0 {
namespace {

inline constexpr ResourceType poll_type{resource_types::poll.name,
                                        &AnyRef::tag_of<PollWatcher::Details>};

static_assert(static_cast<int>(PollEvents::readable) == UV_READABLE);
static_assert(static_cast<int>(PollEvents::writable) == UV_WRITABLE);
static_assert(static_cast<int>(PollEvents::disconnect) == UV_DISCONNECT);
static_assert(static_cast<int>(PollEvents::priority) == UV_PRIORITIZED);

constexpr PollEvents everything =
    PollEvents::readable | PollEvents::writable | PollEvents::disconnect | PollEvents::priority;

constexpr PollEvents event_of(std::size_t bit) { return static_cast<PollEvents>(1U << bit); }

bool is_descriptor(int number) noexcept { return ::fcntl(number, F_GETFD) >= 0; }

Error failure(int status, int descriptor, std::string_view words = {}) {
  const std::string subject = fmt::format("descriptor {}", descriptor);
  if (words.empty()) return Error(status, "poll", subject);
  return Error(status, "poll", subject, words);
}

/// Ours alone: libuv would go on watching the number for whoever gets it next, and ends the process
/// if nobody has got it yet.
int duplicate(int descriptor) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw failure(-errno, descriptor);
  return copy;
}

}  // namespace

struct PollWatcher::State final : detail::HandleState {
  State(int descriptor, CreationSite made_at)
      : own(duplicate(descriptor)), details{descriptor}, site(made_at) {
    waiters.close();
  }
  ~State() override {
    while (waiters.next != &waiters) take(waiters.next);
    if (own >= 0) ::close(own);
  }

  struct Waiter final : detail::Link, detail::Cancellable {
    Waiter(State& its_watcher, PollEvents events, Callback<PollEvents> callback)
        : watcher(its_watcher), wanted(events), fn(std::move(callback)) {}
    bool cancel() noexcept override { return watcher.cancel(*this); }

    State& watcher;
    PollEvents wanted;
    Callback<PollEvents> fn;
  };

  void start();
  void watch(PollEvents events);
  detail::Cancellable* wait(PollEvents wanted, Callback<PollEvents> fn);
  bool cancel(Waiter& waiter) noexcept;
  void on_poll(int status, PollEvents seen);
  void deliver(int status, PollEvents seen);
  void tell_error(const Error& error);
  void tell_waiters(PollEvents seen, const Error* error = nullptr);
  std::unique_ptr<Waiter> take(detail::Link* waiter) noexcept;
  void count(PollEvents wanted, int by) noexcept;
  int update() noexcept;
  std::optional<Error> refusal() const;

  const char* name() const noexcept override { return "PollWatcher"; }
  const AsyncResource* about() const noexcept override { return resource ? &*resource : nullptr; }

  uv_poll_t handle{};
  int own;  ///< The duplicate; -1 once closed.
  PollEvents interest = PollEvents::none;
  PollEvents active = PollEvents::none;  ///< What libuv watches for.
  detail::Listener<Result<PollEvents>> listener;
  detail::Link waiters;
  std::array<int, 4> waiters_for{};  ///< How many there are for each event.
  Details details;
  CreationSite site;
  std::optional<AsyncResource> resource;  ///< Since libuv has taken the descriptor.

 private:
  void closing() noexcept override;
  void closed() noexcept override;
};

void PollWatcher::State::start() {
  if (const int status = uv_poll_init(loop().uv, &handle, own); status < 0) {
    if (status != UV_EPERM) throw failure(status, details.descriptor);
    throw failure(status, details.descriptor, "its kind of file is always ready");
  }
  opened(&handle);
  resource.emplace(poll_type, AnyRef::to(details), site);
}

/// Why nothing more can be watched for.
std::optional<Error> PollWatcher::State::refusal() const {
  if (!is_open()) return failure(UV_EBADF, details.descriptor, "this PollWatcher is closed");
  if (is_descriptor(details.descriptor)) return std::nullopt;
  return failure(UV_EBADF, details.descriptor, "it was closed while it was watched");
}

void PollWatcher::State::watch(PollEvents events) {
  if (auto refused = refusal()) throw *refused;
  interest = events;
  if (const int status = update(); status < 0) throw failure(status, details.descriptor);
}

detail::Cancellable* PollWatcher::State::wait(PollEvents wanted, Callback<PollEvents> fn) {
  if (wanted == PollEvents::none) {
    fn(failure(UV_EINVAL, details.descriptor));
  } else if (auto refused = refusal()) {
    fn(*refused);
  } else {
    auto* waiter = new Waiter(*this, wanted, std::move(fn));
    waiter->insert_before(waiters);
    count(wanted, 1);
    const int status = (active & wanted) == wanted ? 0 : update();
    if (status >= 0) return waiter;
    tell_error(failure(status, details.descriptor));
  }
  return nullptr;
}

bool PollWatcher::State::cancel(Waiter& waiter) noexcept {
  const std::unique_ptr<Waiter> canceled = take(&waiter);
  update();
  canceled->fn(failure(UV_ECANCELED, details.descriptor));
  return true;
}

std::unique_ptr<PollWatcher::State::Waiter> PollWatcher::State::take(
    detail::Link* waiter) noexcept {
  std::unique_ptr<Waiter> taken(static_cast<Waiter*>(waiter));
  taken->unlink();
  count(taken->wanted, -1);
  return taken;
}

void PollWatcher::State::count(PollEvents wanted, int by) noexcept {
  for (std::size_t bit = 0; bit < waiters_for.size(); ++bit) {
    if (has_any(wanted, event_of(bit))) waiters_for[bit] += by;
  }
}

/// Makes libuv watch for what somebody wants to know.
int PollWatcher::State::update() noexcept {
  if (!is_open()) return 0;
  PollEvents wanted = interest;
  for (std::size_t bit = 0; bit < waiters_for.size(); ++bit) {
    if (waiters_for[bit] > 0) wanted = wanted | event_of(bit);
  }
  if (wanted == active) return 0;
  active = wanted;
  return uv_poll_start(&handle, static_cast<int>(wanted),
                       [](uv_poll_t* poll, int status, int seen) {
                         owner_of<State>(poll->data).on_poll(status, static_cast<PollEvents>(seen));
                       });
}

void PollWatcher::State::on_poll(int status, PollEvents seen) {
  detail::run_callback(*resource, [&] { deliver(status, seen); });
  update();  // After the drain: who awaited this event may be waiting for the next.
}

void PollWatcher::State::deliver(int status, PollEvents seen) {
  if (status < 0) active = PollEvents::none;  // libuv has stopped.
  if (!is_open()) return;                     // A hook has closed it.
  if (auto refused = refusal()) return tell_error(*refused);
  // An error on it: whoever reads or writes it finds out which, so everybody had better try.
  if (status < 0) seen = everything;
  const PollEvents heard = seen & interest;
  tell_waiters(seen);
  if (heard != PollEvents::none) listener.call(heard);
}

/// Whoever comes while the others are told waits for the next time.
void PollWatcher::State::tell_waiters(PollEvents seen, const Error* error) {
  detail::Link due;
  due.close();
  for (detail::Link* next = waiters.next; next != &waiters;) {
    auto* waiter = static_cast<Waiter*>(std::exchange(next, next->next));
    if (!has_any(waiter->wanted, seen)) continue;
    waiter->unlink();
    waiter->insert_before(due);
  }
  // A hook that hears of one may cancel others, which then leave.
  while (due.next != &due) {
    const auto waiter = take(due.next);
    error ? waiter->fn(*error) : waiter->fn(waiter->wanted & seen);
  }
}

void PollWatcher::State::tell_error(const Error& error) {
  interest = PollEvents::none;
  tell_waiters(everything, &error);
  listener.call(error);
}

/// The owner may be about to close the last descriptor but ours, and to expect the peer to notice.
void PollWatcher::State::closing() noexcept {
  uv_poll_stop(&handle);
  ::close(std::exchange(own, -1));
}

void PollWatcher::State::closed() noexcept {
  detail::CallbackScope scope;
  const Error canceled = failure(UV_ECANCELED, details.descriptor);
  tell_waiters(everything, &canceled);
  listener.set({});
  resource->emit_destroy();
  resource->release_context();
}

void PollWatcher::CloseState::operator()(State* state) const noexcept { state->let_go(); }

PollWatcher::PollWatcher(int descriptor, CreationSite site) : state_(new State(descriptor, site)) {
  state_->start();
}
PollWatcher::PollWatcher(PollWatcher&&) noexcept = default;
PollWatcher& PollWatcher::operator=(PollWatcher&&) noexcept = default;
PollWatcher::~PollWatcher() = default;

PollWatcher::State& PollWatcher::state() const {
  return detail::in_use(state_.get(), "PollWatcher");
}

void PollWatcher::on_event(Function<void(Result<PollEvents>)> fn) {
  state().listener.set(std::move(fn));
}
PollWatcher& PollWatcher::watch(PollEvents interest) {
  state().watch(interest);
  return *this;
}
PollEvents PollWatcher::interest() const { return state().interest; }

Promise<PollEvents> PollWatcher::wait(PollEvents wanted, std::stop_token stop, CreationSite site) {
  const std::string subject = fmt::format("descriptor {}", descriptor());
  return detail::promised<PollEvents>(
      {std::move(stop), site, "poll", subject},
      [&](Callback<PollEvents> fn) { return state().wait(wanted, std::move(fn)); });
}

PollWatcher& PollWatcher::ref() noexcept {
  state().set_ref(true);
  return *this;
}
PollWatcher& PollWatcher::unref() noexcept {
  state().set_ref(false);
  return *this;
}
bool PollWatcher::has_ref() const noexcept { return is_open() && state().has_ref(); }

void PollWatcher::close() noexcept {
  if (state_) state_->close();
}
bool PollWatcher::is_open() const noexcept { return state_ && state_->is_open(); }
int PollWatcher::descriptor() const { return state().details.descriptor; }
AsyncId PollWatcher::async_id() const noexcept {
  return state_ ? state_->resource->async_id() : no_async_id;
}

}  // namespace contrail::inline v0
