#include "contrail/pipe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <filesystem>

#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;

/// The system's limit: sun_path with its NUL.
constexpr std::size_t path_max = sizeof(sockaddr_un{}.sun_path) - 1;

class PipeTest : public TcpTest {
 protected:
  struct PipeEnds {
    Pipe client;
    Pipe server;
  };

  std::string path(std::string_view name = "socket") const {
    return (folder.path() / name).string();
  }
  /// A name in the folder of exactly that size.
  std::string path_of_size(std::size_t size) const {
    return path(std::string(size - folder.path().native().size() - 1, 'x'));
  }
  /// An abstract name that nobody else has.
  std::string abstract_name() const { return std::string(1, '\0') + folder.path().string(); }

  PipeServer listening(std::string_view at) {
    PipeServer server;
    server.listen(at);
    return server;
  }
  PipeEnds connected_pipes(std::string_view at) {
    PipeServer listener = listening(at);
    Promise<Pipe> accepted = listener.accept();
    Pipe client = wait(Pipe::connect(at));
    return {std::move(client), wait(std::move(accepted))};
  }
  std::string listen_failure(std::string_view at, PipeListenOptions options = {}) {
    PipeServer server;
    try {
      server.listen(at, options);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }
  std::string next_text(Pipe& pipe) {
    std::array<std::byte, 64> buffer;
    const std::size_t size = wait(pipe.read(buffer));
    return std::string(as_text(std::span(buffer).first(size)));
  }

  const TempDir folder;
};

TEST_F(PipeTest, connects_by_path) {
  auto [client, server] = connected_pipes(path());
  wait(client.write("ping"));
  EXPECT_EQ(next_text(server), "ping");
  wait(server.write("pong"));
  EXPECT_EQ(next_text(client), "pong");
}

TEST_F(PipeTest, connects_by_abstract_name) {
  auto [client, server] = connected_pipes(abstract_name());
  wait(client.write("ping"));
  EXPECT_EQ(next_text(server), "ping");
  EXPECT_EQ(server.name(), abstract_name());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(PipeTest, both_ends_know_the_name) {
  auto [client, server] = connected_pipes(path());
  EXPECT_EQ(client.name(), path());
  EXPECT_EQ(server.name(), path());
}

TEST_F(PipeTest, says_that_nobody_is_there) {
  EXPECT_EQ(failure_of(Pipe::connect(path())),
            "connect " + path() + ": ENOENT: no such file or directory");
}

TEST_F(PipeTest, says_that_nobody_has_the_abstract_name) {
  EXPECT_EQ(failure_of(Pipe::connect(abstract_name())),
            "connect @" + folder.path().string() + ": ECONNREFUSED: connection refused");
}

TEST_F(PipeTest, connects_to_the_longest_path) {
  EXPECT_TRUE(connected_pipes(path_of_size(path_max)).client.is_open());
}

TEST_F(PipeTest, refuses_a_path_that_is_too_long) {
  const std::string name = path_of_size(path_max + 1);
  EXPECT_EQ(failure_of(Pipe::connect(name)), "connect " + name + ": ENAMETOOLONG: name too long");
  EXPECT_EQ(listen_failure(name), "listen " + name + ": ENAMETOOLONG: name too long");
}

TEST_F(PipeTest, connects_to_the_longest_abstract_name) {
  std::string name = abstract_name();
  name.resize(path_max + 1, 'x');
  EXPECT_TRUE(connected_pipes(name).client.is_open());
}

TEST_F(PipeTest, refuses_an_abstract_name_that_is_too_long) {
  std::string name = abstract_name();
  name.resize(path_max + 2, 'x');
  EXPECT_THAT(failure_of(Pipe::connect(name)), HasSubstr("ENAMETOOLONG"));
  EXPECT_THAT(listen_failure(name), HasSubstr("ENAMETOOLONG"));
}

TEST_F(PipeTest, refuses_a_path_with_a_nul_in_it) {
  using namespace std::string_literals;
  EXPECT_THAT(failure_of(Pipe::connect("/tmp/a\0b"s)), HasSubstr("connect /tmp/a@b: EINVAL"));
  EXPECT_THAT(listen_failure("/tmp/a\0b"s), HasSubstr("listen /tmp/a@b: EINVAL"));
}

TEST_F(PipeTest, refuses_no_name) {
  EXPECT_THAT(failure_of(Pipe::connect("")), HasSubstr("EINVAL"));
  EXPECT_THAT(listen_failure(""), HasSubstr("EINVAL"));
}

TEST_F(PipeTest, tells_of_a_refused_name_later) {
  bool told = false;
  Pipe::connect("", [&](Result<Pipe> pipe) { told = !pipe; });
  EXPECT_FALSE(told);
  settle();
  EXPECT_TRUE(told);
}

TEST_F(PipeTest, says_that_its_peer_is_gone) {
  auto [client, server] = connected_pipes(path());
  server.close();
  settle();
  EXPECT_EQ(failure_of(client.write("x")), "write " + path() + ": EPIPE: broken pipe");
}

TEST_F(PipeTest, moves_while_it_connects_and_reads) {
  auto [client, server] = connected_pipes(path());
  std::array<std::byte, 4> buffer;
  auto size = client.read(buffer);
  Pipe moved = std::move(client);
  wait(server.write("x"));
  EXPECT_EQ(wait(std::move(size)), 1u);
  EXPECT_FALSE(client);
}

TEST_F(PipeTest, may_be_destroyed_inside_its_own_callback) {
  PipeServer listener = listening(path());
  auto accepted = listener.accept();
  std::optional<Pipe> pipe(wait(Pipe::connect(path())));
  pipe->on_data([&](auto) { pipe.reset(); });
  Pipe server = wait(std::move(accepted));
  wait(server.write("x"));
  run_until([&] { return !pipe; });
  EXPECT_EQ(next_text(server), "");
}

TEST(PipeAndLoop, a_connection_attempt_ends_with_the_loop) {
  const TempDir folder;
  const std::string path = (folder.path() / "socket").string();
  Loop loop;
  PipeServer listener;
  listener.listen(path);
  Pipe::connect(path, [](Result<Pipe>) { ADD_FAILURE() << "called by a loop that goes"; });
  Pipe::connect(std::string(1, '\0') + path, [](Result<Pipe>) { ADD_FAILURE() << "this, too"; });
}

// --- without a name -----------------------------------------------------------------------------

TEST_F(PipeTest, a_pair_is_connected) {
  auto [one, other] = Pipe::pair();
  wait(one.write("there"));
  EXPECT_EQ(next_text(other), "there");
  wait(other.write("and back"));
  EXPECT_EQ(next_text(one), "and back");
  EXPECT_EQ(one.name(), "");
}

TEST_F(PipeTest, one_end_of_a_pair_hears_that_the_other_shut_down) {
  auto [one, other] = Pipe::pair();
  wait(one.shutdown());
  EXPECT_EQ(next_text(other), "");
  wait(other.write("still"));
  EXPECT_EQ(next_text(one), "still");
}

TEST_F(PipeTest, takes_over_a_descriptor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Pipe source = Pipe::from_descriptor(ends[0]);
  Pipe target = Pipe::from_descriptor(ends[1]);
  wait(target.write("through"));
  EXPECT_EQ(next_text(source), "through");
}

TEST_F(PipeTest, cannot_write_to_the_reading_end) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Pipe source = Pipe::from_descriptor(ends[0]);
  Pipe target = Pipe::from_descriptor(ends[1]);
  EXPECT_EQ(failure_of(source.write("x")), "write: EPIPE: broken pipe");
}

TEST_F(PipeTest, leaves_a_descriptor_that_is_no_pipe_to_its_owner) {
  const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  try {
    Pipe::from_descriptor(descriptor);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(),
              fmt::format("open descriptor {}: EINVAL: invalid argument", descriptor));
  }
  EXPECT_EQ(::close(descriptor), 0);
}

TEST_F(PipeTest, says_that_there_is_no_such_descriptor) {
  EXPECT_THROW(Pipe::from_descriptor(-1), Error);
}

// --- the socket file ----------------------------------------------------------------------------

TEST_F(PipeTest, the_server_removes_its_file_on_close) {
  PipeServer server = listening(path());
  EXPECT_TRUE(std::filesystem::is_socket(path()));
  server.close();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(PipeTest, connections_leave_the_file_alone) {
  PipeServer server = listening(path());
  auto accepted = server.accept();
  wait(Pipe::connect(path())).close();
  wait(std::move(accepted)).close();
  settle();
  EXPECT_TRUE(std::filesystem::is_socket(path()));
}

TEST_F(PipeTest, does_not_replace_a_file) {
  folder.file("socket", "something");
  EXPECT_EQ(listen_failure(path()), "listen " + path() + ": EADDRINUSE: address already in use");
  EXPECT_TRUE(std::filesystem::is_regular_file(path()));
}

TEST_F(PipeTest, two_servers_cannot_have_one_name) {
  for (const std::string& name : {path(), abstract_name()}) {
    PipeServer first = listening(name);
    EXPECT_THAT(listen_failure(name), HasSubstr("EADDRINUSE"));
    EXPECT_EQ(first.name(), name);
  }
}

TEST_F(PipeTest, may_try_another_name_when_one_could_not_be_had) {
  PipeServer first = listening(path());
  PipeServer second;
  EXPECT_THROW(second.listen(path()), Error);
  EXPECT_THROW(second.listen(""), Error);
  second.listen(path("other"));
  EXPECT_EQ(second.name(), path("other"));
}

TEST_F(PipeTest, permits_everyone_what_it_is_told_to) {
  PipeServer server;
  const mode_t mask = ::umask(0077);
  server.listen(path(), {.writable_all = true});
  ::umask(mask);
  struct stat info;
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0722u);
}

TEST_F(PipeTest, has_no_permissions_without_a_file) {
  EXPECT_THAT(listen_failure(abstract_name(), {.readable_all = true}), HasSubstr("EINVAL"));
}

TEST_F(PipeTest, a_server_has_no_name_before_listen_nor_after_close) {
  PipeServer server;
  EXPECT_THROW(server.name(), Error);
  server.listen(path());
  EXPECT_EQ(server.name(), path());
  server.close();
  EXPECT_THROW(server.name(), Error);
}

// --- what hooks see -----------------------------------------------------------------------------

/// How often each type was announced, and by what.
struct Births {
  struct Birth {
    std::string type;
    AsyncId trigger;
    AsyncId execution;
    std::string name;
    bool accepted;
  };
  std::vector<Birth> all;
  AsyncHook hook{{.init =
                      [this](const ResourceInfo& made) {
                        const auto* pipe = made.details.as<Pipe::Details>();
                        all.push_back({std::string(made.type), made.trigger_async_id,
                                       execution_async_id(), pipe ? pipe->name : "",
                                       pipe && pipe->accepted});
                      },
                  .track_promises = false}};
  Births() { hook.enable(); }
};

TEST_F(PipeTest, connecting_announces_the_pipe_and_the_attempt_at_once) {
  PipeServer server = listening(path());
  Births births;
  Pipe::connect(path(), ignore);
  ASSERT_EQ(births.all.size(), 2u);
  EXPECT_EQ(births.all[0].type, "PIPEWRAP");
  EXPECT_EQ(births.all[0].name, path());
  EXPECT_EQ(births.all[1].type, "PIPECONNECTWRAP");
  run_until([&] { return births.all.size() > 1; });
}

TEST_F(PipeTest, an_accepted_pipe_is_triggered_by_the_server_and_made_by_nobody) {
  PipeServer server = listening(path());
  auto accepted = server.accept();
  Births births;
  Pipe client = wait(Pipe::connect(path()));
  Pipe pipe = wait(std::move(accepted));
  const auto& birth = births.all.back();
  EXPECT_EQ(birth.type, "PIPEWRAP");
  EXPECT_TRUE(birth.accepted);
  EXPECT_EQ(birth.name, path());
  EXPECT_EQ(birth.trigger, server.async_id());
  EXPECT_EQ(birth.execution, no_async_id);
}

TEST_F(PipeTest, a_server_announces_where_it_listens) {
  std::string name;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (const auto* server = made.details.as<PipeServer::Details>()) name = server->name;
  }});
  hook.enable();
  PipeServer server = listening(path());
  EXPECT_EQ(name, path());
}

TEST_F(PipeTest, the_attempt_is_triggered_by_the_pipe) {
  PipeServer server = listening(path());
  for (const std::string& name : {path(), abstract_name()}) {
    Births births;
    AsyncId pipe = 0;
    AsyncId running = 0;
    Pipe::connect(name, [&](Result<Pipe> connected) {
      pipe = births.all[0].trigger;
      running = trigger_async_id();
      if (connected) connected->close();
    });
    run_until([&] { return running != 0; });
    EXPECT_EQ(births.all[1].type, "PIPECONNECTWRAP");
    EXPECT_EQ(running, births.all[1].trigger);
  }
}

}  // namespace
}  // namespace contrail
