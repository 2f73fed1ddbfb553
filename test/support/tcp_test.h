#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contrail/error.h"
#include "contrail/promise.h"
#include "contrail/tcp.h"
#include "loop_test.h"
#include "raw_peer.h"

namespace contrail {

/// What a stream delivered, and how it ended.
struct Collected {
  std::string text;
  bool ended = false;
  std::string error;  ///< Its name.

  bool over() const { return ended || !error.empty(); }
};

inline void collect(Stream& stream, Collected& into) {
  stream.on_data([&into](Result<std::span<const std::byte>> chunk) {
    if (!chunk) {
      into.error = chunk.error().name();
    } else if (chunk->empty()) {
      into.ended = true;
    } else {
      into.text += as_text(*chunk);
    }
  });
}

/// The loop, run by the test itself, one turn after the other, until what it waits for is there.
class TcpTest : public LoopTest {
 protected:
  struct Ends {
    TcpSocket client;
    TcpSocket server;
  };
  struct EndAndPeer {
    TcpSocket socket;
    RawPeer peer;
  };

  template <class Done>
  void run_until(Done done) {
    // run_once() waits for an event even if all it had to do was in the queues.
    for (loop().run_nowait(); !done(); loop().run_nowait()) loop().run_once();
  }

  /// As many turns as anything that is due could need.
  void settle() {
    for (int turn = 0; turn < 10; ++turn) loop().run_nowait();
  }

  /// What the promise is fulfilled with; throws what it is rejected with.
  template <class T>
  T wait(Promise<T> promise) {
    using Stored = typename Promise<T>::Stored;
    std::optional<Stored> value;
    std::exception_ptr error;
    auto failed = [&](std::exception_ptr reason) { error = std::move(reason); };
    if constexpr (std::is_void_v<T>) {
      promise.then([&] { value.emplace(); }, failed).detach();
    } else {
      promise.then([&](T given) { value.emplace(std::move(given)); }, failed).detach();
    }
    run_until([&] { return value || error; });
    if (error) std::rethrow_exception(error);
    if constexpr (!std::is_void_v<T>) return std::move(*value);
  }

  /// What the promise is rejected with, as text; empty if it is fulfilled.
  template <class T>
  std::string failure_of(Promise<T> promise) {
    try {
      static_cast<void>(wait(std::move(promise)), 0);
    } catch (const std::exception& error) {
      return error.what();
    }
    return {};
  }

  /// Two connected sockets of ours.
  Ends connected_ends() {
    TcpServer listener;
    listener.listen(SocketAddress::loopback());
    Promise<TcpSocket> accepted = listener.accept();
    TcpSocket client = wait(TcpSocket::connect(listener.address()));
    return {std::move(client), wait(std::move(accepted))};
  }
  /// A socket of ours, connected to a plain one.
  EndAndPeer connected_to_peer() {
    RawListener listener;
    TcpSocket socket = wait(TcpSocket::connect(listener.address()));
    return {std::move(socket), listener.accept()};
  }

  /// What escapes from callbacks arrives in `uncaught` from here on.
  void catch_uncaught() {
    loop().on_uncaught_exception([this](std::exception_ptr error) {
      try {
        std::rethrow_exception(std::move(error));
      } catch (const std::exception& exception) {
        uncaught += (uncaught.empty() ? "" : ", ") + std::string(exception.what());
      }
    });
  }
  std::string uncaught;

  void TearDown() override {
    if (has_loop()) settle();  // Lets libuv go of what the test has closed.
    LoopTest::TearDown();
  }
};

/// The types of the resources announced while it exists.
class AnnouncedTypes {
 public:
  AnnouncedTypes() { hook_.enable(); }
  int count(std::string_view type) const {
    int found = 0;
    for (const std::string& seen : types_) found += seen == type;
    return found;
  }

 private:
  std::vector<std::string> types_;
  AsyncHook hook_{{
      .init = [this](const ResourceInfo& made) { types_.emplace_back(made.type); },
      .track_promises = false,
  }};
};

/// A write, shutdown or connect callback for those who do not care.
inline constexpr auto ignore = [](auto) {};

}  // namespace contrail
