#include "contrail/hooks/trigger_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/promise.h"
#include "contrail/tcp.h"
#include "contrail/timers.h"
#include "temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class TriggerGraph : public ::testing::Test {
 protected:
  /// A resource of a kind with a made-up creation site, which runs fn.
  template <class F>
  static void run(const char* type, F fn) {
    AsyncResource(type, CreationSite()).run_in_async_scope(fn);
  }
  Loop loop;
};

TEST_F(TriggerGraph, shows_who_caused_whom) {
  hooks::TriggerGraph graph;
  run("Server", [] {
    for (int i = 0; i < 3; ++i) run("Socket", [] { run("Request", [] {}); });
    run("Timer", [] {});
  });
  loop.run();
  EXPECT_EQ(graph.tree(),
            "root\n"
            "└─ Server\n"
            "   ├─ Socket (3 made)\n"
            "   │  └─ Request (3 made)\n"
            "   └─ Timer\n");
}

TEST_F(TriggerGraph, names_creation_sites_and_tells_them_apart) {
  hooks::TriggerGraph graph;
  const AsyncResource one("Thing");
  const AsyncResource two("Thing");
  const std::string tree = graph.tree();
  EXPECT_THAT(tree, HasSubstr("├─ Thing at "));
  EXPECT_THAT(tree, HasSubstr("└─ Thing at "));
  EXPECT_THAT(tree, HasSubstr("trigger_graph_test.cc:" +
                              std::to_string(one.creation_site().line()) + " (1 made, 1 alive)"));
}

TEST_F(TriggerGraph, does_not_grow_with_a_chain_of_timers) {
  hooks::TriggerGraph graph;
  int left = 100;
  Function<void()> again = [&] {
    if (--left > 0) set_immediate([&] { again(); });
  };
  again();
  loop.run();
  EXPECT_THAT(graph.tree(), HasSubstr("(99 made)"));
  const std::string tree = graph.tree();
  EXPECT_EQ(std::count(tree.begin(), tree.end(), '\n'), 2) << tree;
}

TEST_F(TriggerGraph, follows_sockets_to_the_server_that_accepted_them) {
  hooks::TriggerGraph graph;
  std::optional<TcpServer> server;
  server.emplace([&](TcpSocket) { server.reset(); });
  server->listen(SocketAddress::loopback());
  TcpSocket::connect(server->address(), [](const Result<TcpSocket>&) {});
  loop.run();
  EXPECT_THAT(graph.tree(), ContainsRegex("[├└]─ TCPSERVERWRAP at [^\n]*\n[│ ]*  └─ TCPWRAP at "));
}

TEST_F(TriggerGraph, counts_what_has_no_room_with_its_cause) {
  hooks::TriggerGraph graph({.nodes_max = 1});
  run("One", [] { run("Two", [] { run("Three", [] {}); }); });
  EXPECT_EQ(graph.tree(), "root\n└─ One (3 made, 3 alive)\n");
  EXPECT_EQ(graph.folded(), 2u);
}

TEST_F(TriggerGraph, gathers_what_older_resources_cause) {
  AsyncResource older("Older");
  hooks::TriggerGraph graph;
  older.run_in_async_scope([] { run("Thing", [] {}); });
  loop.run();
  EXPECT_EQ(graph.tree(), "root\nnot seen by the graph\n└─ Thing\n");
}

TEST_F(TriggerGraph, misses_what_is_made_while_it_is_disabled) {
  hooks::TriggerGraph graph;
  graph.disable();
  run("Missed", [&] {
    graph.enable();
    run("Seen", [] {});
  });
  loop.run();
  EXPECT_EQ(graph.tree(), "root\nnot seen by the graph\n└─ Seen\n");
}

TEST_F(TriggerGraph, does_not_count_for_alive_what_has_died_while_it_was_disabled) {
  hooks::TriggerGraph graph;
  {
    const AsyncResource one("Thing", CreationSite());
    graph.disable();
  }
  loop.run();
  graph.enable();
  const AsyncResource two("Thing", CreationSite());
  EXPECT_EQ(graph.tree(), "root\n└─ Thing (2 made, 1 alive)\n");
}

TEST_F(TriggerGraph, is_the_same_in_json) {
  hooks::TriggerGraph graph;
  run("Ser\"ver", [] { const AsyncResource socket("Socket"); });
  loop.run();
  const auto json = nlohmann::json::parse(graph.json());
  const auto& server = json.at(0).at("effects").at(0);
  EXPECT_EQ(server.at("type"), "Ser\"ver");
  EXPECT_EQ(server.at("callbacks"), 1);
  EXPECT_EQ(server.count("file"), 0u);
  const auto& socket = server.at("effects").at(0);
  EXPECT_EQ(socket.at("made"), 1);
  EXPECT_EQ(socket.at("alive"), 0);
  EXPECT_THAT(socket.at("file").get<std::string>(), HasSubstr("trigger_graph_test.cc"));
}

TEST_F(TriggerGraph, is_drawn_by_graphviz) {
  if (std::system("dot -V 2>/dev/null") != 0) GTEST_SKIP() << "needs graphviz";
  hooks::TriggerGraph graph;
  run("Quoted \"type\" with \\ and\nnewline", [] { const AsyncResource ümlaut("Ümlaut"); });
  const TempDir dir;
  std::ofstream(dir.path() / "graph.dot") << graph.dot();
  const std::string drawing = (dir.path() / "graph.svg").string();
  const std::string draw = "dot -Tsvg " + (dir.path() / "graph.dot").string() + " -o " + drawing;
  ASSERT_EQ(std::system(draw.c_str()), 0) << graph.dot();
  std::ifstream file(drawing);
  const std::string svg(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(svg, HasSubstr("Ümlaut"));
  EXPECT_THAT(svg, HasSubstr("Quoted &quot;type&quot;"));
  EXPECT_THAT(svg, HasSubstr(">1 made, 1 alive<")) << "a line of its own";
}

TEST_F(TriggerGraph, of_deep_chains_of_different_causes_stays_shallow) {
  hooks::TriggerGraph graph;
  std::vector<std::string> types;
  for (int i = 0; i < 1000; ++i) types.push_back("Type" + std::to_string(i));
  std::vector<AsyncResource> chain;
  for (const std::string& type : types) {
    const AsyncResource* cause = chain.empty() ? nullptr : &chain.back();
    AsyncResource next(type, {.trigger = cause}, CreationSite());
    chain.push_back(std::move(next));
  }
  EXPECT_GT(graph.folded(), 700u);
  EXPECT_EQ(nlohmann::json::parse(graph.json()).size(), 1u);
}

}  // namespace
}  // namespace contrail
