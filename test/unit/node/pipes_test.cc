// What Node's own tests say of the lives of pipes, and of who causes whom.

#include <optional>

#include "contrail/async_resource.h"
#include "contrail/pipe.h"
#include "lives.h"
#include "support/temp_dir.h"
#include "tcp_test.h"

namespace contrail {
namespace {

using ::testing::UnorderedElementsAre;

class PipeLives : public TcpTest {
 protected:
  static void close_at_end(Pipe& pipe) {
    pipe.on_data([&pipe](Result<std::span<const std::byte>> chunk) {
      if (!chunk || chunk->empty()) pipe.close();
    });
  }
  /// A server for one connection, which it ends at once.
  void listen() {
    server.emplace([&](Pipe pipe) {
      accepted = std::move(pipe);
      on_connection();
      accepted.shutdown(ignore);
      close_at_end(accepted);
      server->close();
    });
    server->listen((folder.path() / "socket").string());
  }
  void connect() {
    Pipe::connect(server->name(), [this](Result<Pipe> pipe) {
      client = std::move(*pipe);
      on_connect();
      close_at_end(client);
    });
  }

  const TempDir folder;
  std::optional<PipeServer> server;
  Pipe client, accepted;
  Function<void()> on_connection = [] {}, on_connect = [] {};
};

TEST_F(PipeLives, of_a_connection_from_listen_to_close) {
  Lives lives({"PIPESERVERWRAP", "PIPEWRAP", "PIPECONNECTWRAP"});
  on_connection = [&] {
    EXPECT_EQ(lives.of("PIPESERVERWRAP"), "1/1/0/0");
    EXPECT_EQ(lives.of("PIPEWRAP", 1), "1/0/0/0");
    EXPECT_EQ(lives.of("PIPEWRAP", 2), "1/0/0/0");
  };
  on_connect = [&] { EXPECT_EQ(lives.of("PIPECONNECTWRAP"), "1/1/0/0"); };
  listen();
  connect();
  EXPECT_EQ(lives.of("PIPESERVERWRAP"), "1/0/0/0");
  EXPECT_EQ(lives.of("PIPEWRAP"), "1/0/0/0");
  EXPECT_EQ(lives.of("PIPECONNECTWRAP"), "1/0/0/0");
  EXPECT_EQ(lives.count("PIPEWRAP"), 1u);
  loop().run();
  EXPECT_EQ(lives.of("PIPESERVERWRAP"), "1/1/1/1");
  EXPECT_EQ(lives.of("PIPECONNECTWRAP"), "1/1/1/1");
  EXPECT_EQ(lives.of("PIPEWRAP", 1), "1/2/2/1");
  EXPECT_EQ(lives.of("PIPEWRAP", 2), "1/2/2/1");
}

TEST_F(PipeLives, follow_from_each_other) {
  Lives lives({"PIPESERVERWRAP", "PIPEWRAP", "PIPECONNECTWRAP", "SHUTDOWNWRAP", "Program"});
  listen();
  AsyncResource program("Program");
  program.run_in_async_scope([&] { connect(); });
  loop().run();
  EXPECT_THAT(lives.graph(), UnorderedElementsAre(
                                 "PIPESERVERWRAP:1 by root", "Program:1 by root",
                                 "PIPEWRAP:1 by Program:1", "PIPECONNECTWRAP:1 by PIPEWRAP:1",
                                 "PIPEWRAP:2 by PIPESERVERWRAP:1", "SHUTDOWNWRAP:1 by PIPEWRAP:2"));
}

}  // namespace
}  // namespace contrail
