#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "contrail/timers.h"
#include "src/loop/handle.h"

namespace contrail::inline v0::detail {

struct Acceptor;

/// The connections of a server that are open. Outlives the server as long as one of them is.
struct ConnectionCount {
  void one_closed() noexcept;

  std::size_t open = 0;
  std::size_t max = 0;  ///< 0: any number.
  Acceptor* server = nullptr;
};

/// The half of a server that does not care what it accepts. It owns the listening descriptor and
/// accepts by itself, as libuv can neither pause nor go without descriptors: it would keep one in
/// reserve to accept and close at once whoever waits.
///
/// It accepts as long as somebody wants a connection, there may be more of them, and the system
/// has descriptors; otherwise connections wait in the system. When it has run out of descriptors,
/// it tries again once a handle of this thread's closes, and now and then.
struct Acceptor : HandleState, private DescriptorWatch {
  uv_loop_t* uv_loop() const noexcept { return loop().uv; }

  uv_poll_t handle{};
  std::string subject;  ///< What errors name: where it listens.

 protected:
  ~Acceptor() override;

  /// Takes the descriptor of a socket; or its status, if there is none.
  int adopt(int descriptor) noexcept;
  int descriptor() const noexcept { return descriptor_; }
  int start(int backlog, std::size_t connections_max);
  /// The socket's file goes when it stops.
  void own_file(std::string path) noexcept { file_ = std::move(path); }
  /// Somebody may want a connection now, or nobody any more.
  void update_polling() noexcept;
  void stopped() noexcept override;
  /// At the end of closed().
  void forget_connections() noexcept;

  virtual bool wanted() const noexcept = 0;
  /// A new connection, which is the callee's.
  virtual void on_connection(int descriptor, const std::shared_ptr<ConnectionCount>& count) = 0;
  virtual void on_failure(int status) = 0;

 private:
  friend struct ConnectionCount;

  bool may_accept() const noexcept;
  void on_ready(int status);
  void accept_all();
  void starve(int status);
  void try_again() noexcept;
  void descriptor_came_back() noexcept override { try_again(); }

  std::shared_ptr<ConnectionCount> count_ = std::make_shared<ConnectionCount>();
  std::string file_;              ///< To remove, if any.
  std::optional<Timeout> retry_;  ///< While there are no descriptors.
  int descriptor_ = -1;
  int events_ = 0;         ///< What is polled for.
  bool starving_ = false;  ///< Since its failure was told, until all who waited were accepted.
};

}  // namespace contrail::inline v0::detail
