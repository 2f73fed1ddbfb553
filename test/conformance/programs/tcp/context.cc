// In which context the callbacks of a connection run. Its ends are in one process: the order is
// left out.
#include <optional>
#include <set>

#include "contrail/async_local_storage.h"
#include "contrail/loop.h"
#include "contrail/tcp.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

using Chunk = Result<std::span<const std::byte>>;

class Program {
 public:
  void run() {
    storage_.run("server made", [this] {
      server_.emplace([this](TcpSocket socket) { on_connection(std::move(socket)); });
    });
    storage_.run("listen", [this] { server_->listen(SocketAddress::loopback()); });
    storage_.run("connect", [this] {
      TcpSocket::connect(server_->address(), [this](Result<TcpSocket> socket) {
        note("connected");
        on_connected(std::move(*socket));
      });
    });
    loop_.run();
    for (const std::string& line : seen_) say(line);
  }

 private:
  void note(std::string_view place) {
    const std::string* store = storage_.get_store();
    seen_.insert(fmt::format("{}: {}", place, store ? *store : "none"));
  }

  void on_connection(TcpSocket socket) {
    note("connection");
    accepted_.emplace(std::move(socket));
    storage_.run("connection", [this] {
      accepted_->on_data([this](Chunk chunk) {
        note(chunk->empty() ? "accepted end" : "accepted data");
        if (chunk->empty()) return accepted_->shutdown([this](auto) { accepted_->close(); });
        storage_.run("accepted data", [this] {
          accepted_->write("pong", [this](auto) { note("accepted write"); });
        });
      });
      accepted_->on_close([this] { note("accepted close"), server_->close(); });
    });
  }

  void on_connected(TcpSocket socket) {
    client_.emplace(std::move(socket));
    storage_.run("connected", [this] {
      client_->write(std::string(16 << 20, 'x'), [this](auto) { note("large write"); });
    });
    storage_.run("client", [this] {
      client_->on_data([this](Chunk chunk) {
        note(chunk->empty() ? "client end" : "client data");
        if (chunk->empty()) return client_->close();
        if (!std::exchange(ended_, true)) client_->shutdown([](auto) {});
      });
      client_->on_close([this] { note("client close"); });
    });
  }

  Loop loop_;
  AsyncLocalStorage<std::string> storage_;
  std::set<std::string> seen_;
  std::optional<TcpServer> server_;
  std::optional<TcpSocket> accepted_;
  std::optional<TcpSocket> client_;
  bool ended_ = false;
};

}  // namespace

int main() { Program().run(); }
