// In which context, and caused by whom, the callbacks of a socket run that talks to itself.
#include <map>
#include <optional>

#include "contrail/async_local_storage.h"
#include "contrail/execution.h"
#include "contrail/loop.h"
#include "contrail/udp.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

class Program {
 public:
  void run() {
    hook_.enable();
    storage_.run("made", [this] { socket_.emplace(); });
    storage_.run("listening", [this] {
      socket_->on_message([this](auto) {
        note("message");
        socket_->on_close([this] { note("closed"); });
        storage_.run("closing", [this] { socket_->close(); });
      });
    });
    storage_.run("bind", [this] { socket_->bind(SocketAddress::loopback()); });
    storage_.run("too much", [this] {
      socket_->send(std::string(65508, 'x'), socket_->address(), [this](Result<void> sent) {
        note(sent.error().name());
        ping();
      });
    });
    loop_.run();
  }

 private:
  void ping() {
    storage_.run("send", [this] {
      socket_->send("ping", socket_->address(), [this](auto) { note("sent"); });
    });
  }
  void note(std::string_view what) {
    say(fmt::format("{}: {}, in {} by {}", what, *storage_.get_store(), name(execution_async_id()),
                    name(trigger_async_id())));
  }
  std::string name(AsyncId id) const {
    const auto found = types_.find(id);
    return found == types_.end() ? "program" : found->second;
  }

  Loop loop_;
  std::map<AsyncId, std::string> types_;
  AsyncHook hook_{{.init = [this](const ResourceInfo& made) {
    types_[made.async_id] = std::string(made.type);
  }}};
  AsyncLocalStorage<std::string> storage_;
  std::optional<UdpSocket> socket_;
};

}  // namespace

int main() { Program().run(); }
