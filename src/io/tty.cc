#include "contrail/tty.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "contrail/signal.h"
#include "src/io/raw_terminals.h"
#include "src/io/stream_state.h"

namespace contrail::inline v0 {
namespace {

inline constexpr ResourceType tty_type{resource_types::tty.name, &AnyRef::tag_of<Tty::Details>};

std::string name_of(int descriptor) {
  std::array<char, 128> name;
  return ::ttyname_r(descriptor, name.data(), name.size()) == 0 ? name.data() : "";
}

struct TtyState final : detail::StreamState {
  TtyState(int descriptor, CreationSite made_at)
      : StreamState(&tty, nullptr), details{descriptor, name_of(descriptor)}, site(made_at) {}

  void open();
  void set_raw_mode(bool on);
  Tty::WindowSize window_size();
  void set_on_resize(Function<void(Tty::WindowSize)> fn, CreationSite called_at);

  const char* name() const noexcept override { return "Tty"; }
  std::string subject() const override {
    return details.name.empty() ? fmt::format("descriptor {}", details.descriptor) : details.name;
  }
  int descriptor() noexcept {
    uv_os_fd_t number = -1;
    uv_fileno(reinterpret_cast<uv_handle_t*>(&tty), &number);
    return number;
  }

  uv_tty_t tty{};
  int raw_place = -1;  ///< See raw_terminals; none if it is not raw.
  Tty::WindowSize size{};
  std::optional<SignalWatcher> resized;
  Tty::Details details;
  CreationSite site;
  std::optional<AsyncResource> its_resource;  ///< Since libuv has opened it.

 private:
  void closing() noexcept override;
};

/// libuv opens a terminal anew and puts that in the place of the descriptor it was given, or takes
/// over the descriptor if it cannot. So it gets a duplicate, and the caller keeps the original.
void TtyState::open() {
  const int copy = ::fcntl(details.descriptor, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw error(-errno, "open");
  const int status = uv_tty_init(loop().uv, &tty, copy, 0);
  if (status < 0) {
    ::close(copy);
    throw error(status, "open");
  }
  opened(&tty);
  if (descriptor() != copy) ::close(copy);
  its_resource.emplace(tty_type, AnyRef::to(details), site);
  announced_as(*its_resource);
}

void TtyState::set_raw_mode(bool on) {
  if (!is_open()) throw error(UV_EBADF, "set_raw_mode");
  if (on == (raw_place >= 0)) return;
  if (!on) return detail::raw_terminals::leave(std::exchange(raw_place, -1));
  const int place = detail::raw_terminals::enter(descriptor());
  if (place < 0) throw error(place, "set_raw_mode");
  raw_place = place;
}

Tty::WindowSize TtyState::window_size() {
  if (!is_open()) throw error(UV_EBADF, "window_size");
  Tty::WindowSize now{};
  const int status = uv_tty_get_winsize(&tty, &now.columns, &now.rows);
  if (status < 0) throw error(status, "window_size");
  return now;
}

void TtyState::set_on_resize(Function<void(Tty::WindowSize)> fn, CreationSite called_at) {
  if (!fn) return resized.reset();
  size = window_size();
  auto compare = [this, fn = std::move(fn)](int) mutable {
    const Tty::WindowSize now = window_size();
    if (now != std::exchange(size, now)) fn(now);
  };
  resized.emplace(SIGWINCH, std::move(compare), called_at);
}

void TtyState::closing() noexcept {
  resized.reset();
  if (raw_place >= 0) detail::raw_terminals::leave(std::exchange(raw_place, -1));
}

}  // namespace

bool Tty::is_terminal(int descriptor) noexcept { return ::isatty(descriptor) == 1; }

Tty Tty::from_descriptor(int descriptor, CreationSite site) {
  if (!is_terminal(descriptor)) {
    throw Error(UV_EINVAL, "open", fmt::format("descriptor {}", descriptor),
                "this is not a terminal");
  }
  auto* state = new TtyState(descriptor, site);
  Tty tty{detail::StreamHandle(state)};
  state->open();
  return tty;
}

void Tty::set_raw_mode(bool on) { static_cast<TtyState&>(state()).set_raw_mode(on); }
bool Tty::is_raw() const noexcept { return static_cast<TtyState&>(state()).raw_place >= 0; }
Tty::WindowSize Tty::window_size() const { return static_cast<TtyState&>(state()).window_size(); }
void Tty::on_resize(Function<void(WindowSize)> fn, CreationSite site) {
  static_cast<TtyState&>(state()).set_on_resize(std::move(fn), site);
}

}  // namespace contrail::inline v0
