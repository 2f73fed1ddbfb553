// A libuv handle of your own on contrail's loop: a POSIX signal, heard in the context of whoever
// asked for it.

#include <contrail/contrail.h>
#include <fmt/core.h>
#include <uv.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>

using namespace contrail;

/// Calls fn at each signal of that number. fn may stop() the Signal, but not destroy it.
class Signal {
 public:
  Signal(int number, Function<void()> fn) : fn_(std::move(fn)), handle_(new uv_signal_t) {
    uv_signal_init(Loop::current().native(), handle_);
    handle_->data = this;
    uv_signal_start(handle_, arrived, number);
  }
  Signal(const Signal&) = delete;  // libuv refers to this object.
  Signal& operator=(const Signal&) = delete;
  ~Signal() {
    auto* handle = reinterpret_cast<uv_handle_t*>(handle_);
    uv_close(handle, [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
  }

  void stop() { uv_signal_stop(handle_); }

 private:
  static void arrived(uv_signal_t* handle, int) {
    auto* self = static_cast<Signal*>(handle->data);
    Loop::current().make_callback(self->resource_, [self] { self->fn_(); });
  }

  Function<void()> fn_;
  uv_signal_t* handle_;  // libuv needs it for a while after uv_close(), so it is no member.
  AsyncResource resource_{"Signal"};
};

AsyncLocalStorage<std::string> user;

int main() {
  Loop loop;
  std::optional<Signal> hangup;  // After the Loop, so that it is closed before the Loop ends.
  user.run("alice", [&] {
    hangup.emplace(SIGHUP, [&] {
      fmt::print("a signal for {}\n", *user.get_store());
      next_tick([] { fmt::print("and a tick for {}\n", *user.get_store()); });
      hangup->stop();
    });
  });
  std::raise(SIGHUP);
  loop.run();
}
