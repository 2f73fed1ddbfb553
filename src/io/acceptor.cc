#include "src/io/acceptor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace contrail::inline v0::detail {
namespace {

/// How long after it ran out of descriptors a server tries again, in case that somebody else has
/// closed some.
constexpr auto retry_after = std::chrono::milliseconds(250);

/// Nothing ever happens to a listening socket that is polled for this, but the loop waits for it.
constexpr int nothing = UV_PRIORITIZED;

bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

void ConnectionCount::one_closed() noexcept {
  --open;
  if (server) server->update_polling();
}

Acceptor::~Acceptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int Acceptor::adopt(int descriptor) noexcept {
  if (descriptor < 0) return descriptor;
  descriptor_ = descriptor;
  return uv_poll_init(loop().uv, &handle, descriptor);
}

int Acceptor::start(int backlog, std::size_t connections_max) {
  if (::listen(descriptor_, backlog) < 0) return -errno;
  count_->server = this;
  count_->max = connections_max;
  update_polling();
  return 0;
}

bool Acceptor::may_accept() const noexcept {
  return wanted() && !retry_ && (count_->max == 0 || count_->open < count_->max);
}

void Acceptor::update_polling() noexcept {
  if (!is_open() || !count_->server) return;
  const int events = may_accept() ? UV_READABLE : nothing;
  if (std::exchange(events_, events) == events) return;
  uv_poll_start(&handle, events, [](uv_poll_t* poll, int status, int) {
    static_cast<Acceptor*>(static_cast<HandleState*>(poll->data))->on_ready(status);
  });
}

void Acceptor::on_ready(int status) {
  if (status < 0) {
    on_failure(status);
  } else {
    accept_all();
  }
  update_polling();
}

void Acceptor::accept_all() {
  while (is_open() && may_accept()) {
    const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      on_connection(accepted, count_);
    } else if (errno == EAGAIN) {
      starving_ = false;
      return;
    } else if (is_shortage(errno)) {
      return starve(-errno);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return on_failure(-errno);
    }
  }
}

void Acceptor::starve(int status) {
  {
    const FrameScope nobodys(nullptr);
    retry_ = set_timeout([this] { try_again(); }, retry_after, {});
  }
  retry_->unref();
  watch();
  if (!std::exchange(starving_, true)) on_failure(status);
}

void Acceptor::try_again() noexcept {
  if (auto outdated = std::exchange(retry_, std::nullopt)) outdated->clear();
  forget();
  update_polling();
}

void Acceptor::stopped() noexcept {
  if (!file_.empty()) ::unlink(file_.c_str());
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Acceptor::forget_connections() noexcept {
  count_->server = nullptr;
  try_again();
}

}  // namespace contrail::inline v0::detail
