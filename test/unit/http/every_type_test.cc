// Every type of resource there is, seen on a resource that does its work.

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "contrail/async_resource.h"
#include "contrail/dir.h"
#include "contrail/dns.h"
#include "contrail/file.h"
#include "contrail/fs_watcher.h"
#include "contrail/pipe.h"
#include "contrail/poll.h"
#include "contrail/process.h"
#include "contrail/resource_types.h"
#include "contrail/signal.h"
#include "contrail/thread_pool.h"
#include "contrail/tty.h"
#include "contrail/worker.h"
#include "http_test.h"
#include "support/temp_dir.h"
#include "udp_test.h"

namespace contrail::http {
namespace {

/// The names that resource_types.h gives.
std::set<std::string> declared_types() {
  std::ifstream header(std::string(CONTRAIL_TEST_DIR) + "/../include/contrail/resource_types.h");
  std::stringstream text;
  text << header.rdbuf();
  const std::string all = text.str();
  const std::regex declaration(R"re(ResourceType \w+\{"([^"]+)"\})re");
  std::set<std::string> names;
  for (std::sregex_iterator next(all.begin(), all.end(), declaration), end; next != end; ++next) {
    names.insert((*next)[1]);
  }
  return names;
}

class EveryType : public HttpTest {
 protected:
  EveryType() { hook.enable(); }

  void use_the_core() {
    next_tick([] {});
    queue_microtask([] {});
    set_immediate([] {});
    set_timeout([] {});
    Promise<>::resolve().detach();
    AsyncResource::bind([] {}, resource_types::bound_function)();
  }
  void use_pipes() {
    const TempDir folder;
    const std::string path = folder.path() / "socket";
    PipeServer pipes;
    pipes.listen(path);
    wait(Pipe::connect(path));
  }
  void use_a_worker() {
    MessageChannel<int> channel;
    Worker worker([](Loop&, MessagePort<int>) {}, std::move(channel.port2));
    wait(worker.exited());
  }
  void use_files_and_sockets() {
    wait(fs::stat("/"));
    File file = wait(File::open("/"));
    wait(file.close());
    wait(queue_work([] {}));
    wait(Process::spawn("true").exited());
    reverse_lookup(SocketAddress::loopback(), ignore);
    send_datagrams();
    Dir dir = wait(fs::open_dir("/"));
    wait(dir.close());
    use_a_worker();
    wait(TcpSocket::connect("localhost", server->address().port()));
    use_pipes();
    auto [client, other] = connected_ends();
    while (client.write_queue_size() == 0) client.write(std::string(1 << 20, 'x'), ignore);
    other.shutdown(ignore);
  }
  void send_datagrams() {
    UdpSocket socket;
    system_is_busy = true;
    socket.send("x", SocketAddress::loopback(1), ignore);
    system_is_busy = false;
  }

  void use_watchers() {
    SignalWatcher signals(SIGUSR2);
    const int counter = ::eventfd(0, EFD_CLOEXEC);
    PollWatcher poll(counter);
    ::close(counter);
    FsWatcher events("/");
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    Tty tty = Tty::from_descriptor(terminal);
    ::close(terminal);
    StatWatcher looks("/");
  }

  std::map<std::string, std::vector<AsyncId>, std::less<>> ids;
  AsyncHook hook{{.init = [this](const ResourceInfo& made) {
    ids[std::string(made.type)].push_back(made.async_id);
  }}};
};

TEST_F(EveryType, has_resources_with_an_id_of_their_own) {
  serve_ok();
  use_the_core();
  use_files_and_sockets();
  use_watchers();
  talk(last_get);
  std::set<AsyncId> all;
  for (const std::string& type : declared_types()) {
    EXPECT_THAT(ids[type], testing::Not(testing::IsEmpty())) << "make this test use " << type;
    for (AsyncId id : ids[type]) {
      EXPECT_GT(id, root_async_id);
      EXPECT_TRUE(all.insert(id).second) << type;
    }
  }
  EXPECT_THAT(declared_types(), testing::Contains("HTTPINCOMINGMESSAGE"));
}

TEST_F(EveryType, is_declared) {
  serve_ok();
  use_the_core();
  use_files_and_sockets();
  use_watchers();
  talk(last_get);
  for (const auto& [type, made] : ids) EXPECT_THAT(declared_types(), testing::Contains(type));
}

/// Handles are resources as soon as they exist; requests when they are made.
TEST_F(EveryType, has_its_id_from_the_start) {
  TcpServer listener;
  EXPECT_EQ(listener.async_id(), no_async_id);
  listener.listen(SocketAddress::loopback());
  EXPECT_GT(listener.async_id(), root_async_id);
  auto [client, other] = connected_ends();
  EXPECT_GT(client.async_id(), root_async_id);
  client.write("small", ignore);
  EXPECT_THAT(ids["WRITEWRAP"], testing::IsEmpty());
}

}  // namespace
}  // namespace contrail::http
