#include "contrail/dns.h"

#include <optional>

#include "busy_pool.h"
#include "contrail/async_local_storage.h"
#include "lives.h"
#include "made_up_names.h"
#include "tcp_test.h"

namespace contrail {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Property;
using ::testing::StartsWith;
using Addresses = std::vector<SocketAddress>;

class DnsTest : public TcpTest {
 protected:
  std::string failure_to_find(std::string_view host) { return failure_of(lookup(host)); }
};

TEST_F(DnsTest, finds_all_addresses_of_a_name_in_the_systems_order) {
  several = {SocketAddress("::1", 0), SocketAddress("127.0.0.2", 0), SocketAddress::loopback()};
  EXPECT_EQ(wait(lookup("several.test")), several);
}

TEST_F(DnsTest, finds_them_in_callback_style) {
  Addresses found;
  lookup("localhost", [&](Result<Addresses> addresses) { found = *addresses; });
  EXPECT_THAT(found, IsEmpty());
  run_until([&] { return !found.empty(); });
  EXPECT_THAT(found, Each(Property(&SocketAddress::ip, AnyOf("127.0.0.1", "::1"))));
}

TEST_F(DnsTest, finds_them_in_coroutine_style) {
  auto first_ip = []() -> Promise<std::string> {
    const LookupOptions only_ipv4{.family = AddressFamily::ipv4};
    const Addresses found = co_await lookup("localhost", only_ipv4);
    co_return found.at(0).ip();
  };
  EXPECT_EQ(wait(first_ip()), "127.0.0.1");
}

TEST_F(DnsTest, leaves_out_the_other_family) {
  const SocketAddress ipv4("127.0.0.2", 0), ipv6("::1", 0);
  several = {ipv6, ipv4};
  EXPECT_THAT(wait(lookup("several.test", {.family = AddressFamily::ipv4})), ElementsAre(ipv4));
  EXPECT_THAT(wait(lookup("several.test", {.family = AddressFamily::ipv6})), ElementsAre(ipv6));
}

TEST_F(DnsTest, gives_addresses_the_port_that_was_asked_for) {
  EXPECT_THAT(wait(lookup("localhost", {.port = 80})), Each(Property(&SocketAddress::port, 80)));
  EXPECT_THAT(wait(lookup("::1", {.port = 80})), ElementsAre(SocketAddress("::1", 80)));
}

TEST_F(DnsTest, a_literal_is_its_own_answer_in_a_tick) {
  Lives lives;
  Addresses found;
  lookup("127.0.0.1", [&](Result<Addresses> addresses) { found = *addresses; });
  EXPECT_THAT(found, IsEmpty());
  run_until([&] { return !found.empty(); });
  EXPECT_THAT(found, ElementsAre(SocketAddress::loopback()));
  EXPECT_EQ(lives.count("GETADDRINFOREQWRAP"), 0u);
  EXPECT_EQ(lives.count("TickObject"), 1u);
}

TEST_F(DnsTest, a_literal_is_what_it_is_whatever_family_is_asked_for) {
  const LookupOptions only_ipv4{.family = AddressFamily::ipv4};
  EXPECT_THAT(wait(lookup("::1", only_ipv4)), ElementsAre(SocketAddress("::1", 0)));
}

TEST_F(DnsTest, reads_numbers_as_the_system_does) {
  const LookupOptions numbers{.numeric_only = true};
  EXPECT_THAT(wait(lookup("127.1", numbers)), ElementsAre(SocketAddress::loopback()));
  EXPECT_THAT(failure_of(lookup("localhost", numbers)),
              StartsWith("getaddrinfo localhost: EAI_NONAME: "));
}

TEST_F(DnsTest, looks_letters_beyond_ascii_up_as_ascii) {
  several = {SocketAddress("127.0.0.3", 0)};
  EXPECT_EQ(wait(lookup("sevéral.test")), several);
}

TEST_F(DnsTest, a_name_that_nobody_knows_is_an_error) {
  EXPECT_THAT(failure_to_find("contrail.invalid"),
              StartsWith("getaddrinfo contrail.invalid: EAI_"));
  EXPECT_THAT(failure_to_find("bücher.invalid"), StartsWith("getaddrinfo bücher.invalid: EAI_"));
}

TEST_F(DnsTest, a_name_without_addresses_is_an_error) {
  several = {};
  EXPECT_THAT(failure_to_find("several.test"), StartsWith("getaddrinfo several.test: EAI_NODATA"));
}

TEST_F(DnsTest, a_name_that_cannot_be_one_is_refused_without_asking) {
  AnnouncedTypes types;
  EXPECT_EQ(failure_to_find(""), "getaddrinfo \"\": EINVAL: invalid argument");
  EXPECT_EQ(failure_to_find(std::string_view("a\0b", 3)),
            "getaddrinfo a: EINVAL: invalid argument");
  EXPECT_THAT(failure_to_find(std::string(254, 'a')), HasSubstr("aaa: EINVAL"));
  EXPECT_EQ(types.count("GETADDRINFOREQWRAP"), 0);
}

TEST_F(DnsTest, an_endless_name_does_not_make_an_endless_error) {
  EXPECT_LT(failure_to_find(std::string(10 << 20, 'a')).size(), 400u);
}

TEST_F(DnsTest, a_name_that_grows_too_long_as_ascii_is_an_error) {
  std::string name;
  while (name.size() + 3 <= 253) name += "ü.";
  EXPECT_THAT(failure_to_find(name), HasSubstr(": E"));
}

TEST_F(DnsTest, what_is_refused_is_told_later) {
  for (const std::string_view host : {"", "\xff\xfe.test"}) {
    bool told = false;
    lookup(host, [&](Result<Addresses> addresses) {
      EXPECT_EQ(addresses.error().name(), "EINVAL");
      told = true;
    });
    EXPECT_FALSE(told);
    run_until([&] { return told; });
  }
}

TEST_F(DnsTest, calls_back_in_the_context_of_its_call) {
  AsyncLocalStorage<std::string> storage;
  std::vector<std::string> seen;
  auto note = [&](auto) { seen.push_back(*storage.get_store()); };
  storage.run("name", [&] { lookup("localhost", note); });
  run_until([&] { return seen.size() == 1; });
  storage.run("literal", [&] { lookup("127.0.0.1", note); });
  run_until([&] { return seen.size() == 2; });
  storage.run("refused", [&] { lookup("", note); });
  run_until([&] { return seen.size() == 3; });
  storage.run("reverse", [&] { reverse_lookup(SocketAddress::loopback(80), note); });
  run_until([&] { return seen.size() == 4; });
  EXPECT_THAT(seen, ElementsAre("name", "literal", "refused", "reverse"));
}

TEST_F(DnsTest, a_callback_that_throws_is_an_uncaught_exception) {
  catch_uncaught();
  lookup("localhost", [](auto) { throw std::runtime_error("of the callback"); });
  run_until([&] { return !uncaught.empty(); });
  EXPECT_EQ(uncaught, "of the callback");
}

// --- backwards ----------------------------------------------------------------------------------

TEST_F(DnsTest, finds_what_an_address_is_called) {
  const HostAndService found = wait(reverse_lookup(SocketAddress::loopback(80)));
  EXPECT_EQ(found.host, "localhost");
  EXPECT_THAT(found.service, AnyOf("http", "80"));
}

TEST_F(DnsTest, finds_it_in_callback_style) {
  std::string host;
  reverse_lookup(SocketAddress::loopback(),
                 [&](Result<HostAndService> found) { host = found->host; });
  EXPECT_EQ(host, "");
  run_until([&] { return !host.empty(); });
  EXPECT_EQ(host, "localhost");
}

TEST_F(DnsTest, an_address_without_a_name_is_an_error) {
  // Reserved for documentation: RFC 5737.
  EXPECT_THAT(failure_of(reverse_lookup(SocketAddress("192.0.2.1", 80))),
              StartsWith("getnameinfo 192.0.2.1:80: EAI_"));
}

// --- what hooks see -----------------------------------------------------------------------------

TEST_F(DnsTest, a_lookup_is_one_request_of_the_caller) {
  Lives lives({"GETADDRINFOREQWRAP"});
  std::string inside;
  AsyncId caller = no_async_id;
  AsyncResource program("Program");
  program.run_in_async_scope([&] {
    caller = execution_async_id();
    lookup("localhost", [&](auto) {
      inside = lives.of("GETADDRINFOREQWRAP");
      EXPECT_EQ(execution_async_id(), lives.id("GETADDRINFOREQWRAP"));
      EXPECT_EQ(trigger_async_id(), caller);
    });
  });
  run_until([&] { return !inside.empty(); });
  EXPECT_EQ(inside, "1/1/0/0");
  settle();
  EXPECT_EQ(lives.of("GETADDRINFOREQWRAP"), "1/1/1/1");
}

TEST_F(DnsTest, a_lookup_that_fails_is_one_request_too) {
  Lives lives({"GETADDRINFOREQWRAP"});
  std::string inside;
  lookup("contrail.invalid", [&](auto) { inside = lives.of("GETADDRINFOREQWRAP"); });
  run_until([&] { return !inside.empty(); });
  EXPECT_EQ(inside, "1/1/0/0");
}

TEST_F(DnsTest, a_reverse_lookup_is_one_request_of_the_caller) {
  Lives lives({"GETNAMEINFOREQWRAP"});
  std::string inside;
  reverse_lookup(SocketAddress::loopback(), [&](auto) { inside = lives.of("GETNAMEINFOREQWRAP"); });
  run_until([&] { return !inside.empty(); });
  EXPECT_EQ(inside, "1/1/0/0");
  settle();
  EXPECT_EQ(lives.of("GETNAMEINFOREQWRAP"), "1/1/1/1");
}

TEST_F(DnsTest, shows_hooks_what_it_looks_for) {
  std::string host, address;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (auto* details = made.details.as<LookupDetails>()) host = details->host;
    if (auto* details = made.details.as<ReverseLookupDetails>()) {
      address = details->address.to_string();
    }
  }});
  hook.enable();
  wait(lookup("localhost"));
  wait(reverse_lookup(SocketAddress::loopback(7)));
  EXPECT_EQ(host, "localhost");
  EXPECT_EQ(address, "127.0.0.1:7");
}

TEST_F(DnsTest, a_loop_that_goes_takes_questions_along_that_nobody_was_asked_yet) {
  Lives lives({"GETADDRINFOREQWRAP", "GETNAMEINFOREQWRAP"});
  BusyPool pool;
  bool called = false;
  lookup("localhost", [&](auto) { called = true; });
  reverse_lookup(SocketAddress::loopback(), [&](auto) { called = true; });
  destroy_loop();
  EXPECT_FALSE(called);
  EXPECT_EQ(lives.of("GETADDRINFOREQWRAP"), "1/0/0/1");
  EXPECT_EQ(lives.of("GETNAMEINFOREQWRAP"), "1/0/0/1");
}

}  // namespace
}  // namespace contrail
