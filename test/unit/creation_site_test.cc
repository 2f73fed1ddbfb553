#include "contrail/creation_site.h"

#include <filesystem>
#include <map>

#include "contrail/contrail.h"
#include "support/loop_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

std::string name_of(CreationSite site) {
  return std::filesystem::path(site.file()).filename().string();
}

CreationSite where_it_is_called(CreationSite site = CreationSite::current()) { return site; }

TEST(CreationSiteTest, is_the_file_and_line_of_the_call) {
  const CreationSite site = where_it_is_called();
  EXPECT_EQ(site.line(), __LINE__ - 1);
  EXPECT_EQ(name_of(site), "creation_site_test.cc");
  EXPECT_EQ(site, CreationSite::current(__FILE__, __LINE__ - 3));
}

TEST(CreationSiteTest, is_unknown_unless_somebody_says) {
  EXPECT_FALSE(CreationSite());
  EXPECT_EQ(CreationSite().file(), "");
  EXPECT_EQ(CreationSite().line(), 0u);
}

TEST(CreationSiteTest, tells_one_line_from_the_next) {
  const CreationSite one = where_it_is_called();
  const CreationSite next = where_it_is_called();
  EXPECT_FALSE(one == next);
}

TEST(CreationSiteTest, ends_counting_at_65535) {
  EXPECT_EQ(CreationSite::current(__FILE__, 1'000'000).line(), 65535u);
}

class CreationSites : public LoopTest {
 protected:
  /// What a test has opened is gone by now, and may close.
  void TearDown() override {
    loop().run();
    LoopTest::TearDown();
  }

  /// Of the last one of that type.
  unsigned line_of(const std::string& type) const {
    const auto found = made.find(type);
    return found == made.end() || name_of(found->second) != "creation_site_test.cc"
               ? 0
               : found->second.line();
  }

  std::map<std::string, CreationSite> made;
  AsyncHook hook{
      {.init = [this](const ResourceInfo& info) { made[std::string(info.type)] = info.site; },
       .track_promises = true}};
};

TEST_F(CreationSites, of_resources_of_the_core_are_where_they_were_asked_for) {
  hook.enable();
  next_tick([] {});
  queue_microtask([] {});
  set_immediate([] {});
  set_timeout([] {});
  AsyncResource own("OWN");
  auto bound = AsyncResource::bind([] {}, "BOUND");
  const unsigned last = __LINE__ - 1;
  EXPECT_EQ(line_of("TickObject"), last - 5);
  EXPECT_EQ(line_of("Microtask"), last - 4);
  EXPECT_EQ(line_of("Immediate"), last - 3);
  EXPECT_EQ(line_of("Timeout"), last - 2);
  EXPECT_EQ(line_of("OWN"), last - 1);
  EXPECT_EQ(line_of("BOUND"), last);
  EXPECT_EQ(own.creation_site().line(), last - 1);
  loop().run();
}

TEST_F(CreationSites, of_promises_are_the_calls_that_make_them) {
  hook.enable();
  auto first = Promise<int>::resolve(1);
  EXPECT_EQ(line_of("PROMISE"), __LINE__ - 1);
  auto second = first.then([](int) {});
  EXPECT_EQ(line_of("PROMISE"), __LINE__ - 1);
  auto both = all(std::vector{first, first});
  EXPECT_EQ(line_of("PROMISE"), __LINE__ - 1);
  loop().run();
}

Promise<> wait_for(Promise<> promise) { co_await promise; }

TEST_F(CreationSites, of_a_coroutine_is_where_it_is_written) {
  hook.enable();
  auto [promise, resolver] = Promise<>::with_resolver();
  std::vector<unsigned> lines;
  AsyncHook all_of_them{
      {.init = [&](const ResourceInfo& info) { lines.push_back(info.site.line()); },
       .track_promises = true}};
  all_of_them.enable();
  auto waiting = wait_for(promise);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_LE(lines[0], lines[1]) << "the coroutine, then its co_await";
  EXPECT_GT(lines[0], 80u);
  resolver.resolve();
  loop().run();
}

Promise<> wait_elsewhere(int, CreationSite) { co_return; }

TEST_F(CreationSites, of_a_coroutine_that_takes_one_last_are_that) {
  hook.enable();
  wait_elsewhere(1, CreationSite::current()).detach();
  EXPECT_EQ(line_of("PROMISE"), __LINE__ - 1);
}

TEST_F(CreationSites, of_deadlines_and_combinations_are_where_they_are_set) {
  hook.enable();
  auto slept = sleep(std::chrono::milliseconds(1));
  auto late = with_timeout(slept, std::chrono::hours(1));
  EXPECT_EQ(line_of("PROMISE"), __LINE__ - 1);
  auto both = all(std::vector{slept, late});
  EXPECT_EQ(line_of("PROMISE"), __LINE__ - 1);
  loop().run();
}

TEST_F(CreationSites, of_io_are_the_calls_that_start_it) {
  hook.enable();
  const TempDir folder;
  TcpServer server;
  server.listen(SocketAddress::loopback());
  const unsigned listened = __LINE__ - 1;
  EXPECT_EQ(line_of("TCPSERVERWRAP"), listened);
  auto accepted = server.accept();
  auto connected = TcpSocket::connect(server.address());
  EXPECT_EQ(line_of("TCPWRAP"), __LINE__ - 1);
  EXPECT_EQ(line_of("TCPCONNECTWRAP"), __LINE__ - 2);
  auto written = fs::write_file(folder.path() / "file", "text");
  EXPECT_EQ(line_of("FSREQCALLBACK"), __LINE__ - 1);
  auto worked = queue_work([] {});
  EXPECT_EQ(line_of("WORKREQ"), __LINE__ - 1);
  accepted
      .then([&](TcpSocket&) {
        EXPECT_EQ(line_of("TCPWRAP"), listened);
        server.close();
      })
      .detach();
  loop().run();
}

}  // namespace
}  // namespace contrail
