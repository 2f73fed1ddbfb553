#include "contrail/pool.h"

#include <array>

#include "contrail/async_local_storage.h"
#include "contrail/testing/fake_clock.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using namespace std::chrono_literals;

/// Something that is made, used, and counted.
struct Connection {
  Connection(int its_number, int& count) : number(its_number), alive(&count) { ++*alive; }
  Connection(Connection&& other) noexcept
      : number(other.number), alive(std::exchange(other.alive, nullptr)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (alive) --*alive;
  }

  int number;
  int* alive;
};

class PoolTest : public TcpTest {
 protected:
  using ConnectionPool = Pool<Connection>;

  PoolOptions<Connection> options(std::size_t max_size = 2) {
    return {.make =
                [this] {
                  ++made;
                  if (made == failing) throw std::runtime_error("no connection");
                  return Promise<Connection>::resolve(Connection(made, alive));
                },
            .max_size = max_size};
  }
  ConnectionPool& use(PoolOptions<Connection> given) { return pool.emplace(std::move(given)); }
  Lease<Connection> lease() { return wait(pool->acquire()); }
  /// Notes the number of the connection, or the error, and gives the connection back.
  void note(Promise<Lease<Connection>> acquired, std::string name = "") {
    acquired
        .then([this, name](
                  Lease<Connection> got) { heard.push_back(name + std::to_string(got->number)); },
              [this, name](std::exception_ptr error) {
                try {
                  std::rethrow_exception(error);
                } catch (const std::exception& exception) {
                  heard.push_back(name + exception.what());
                }
              })
        .detach();
  }

  int made = 0;
  int failing = 0;  ///< Which one cannot be made.
  int alive = 0;
  std::vector<std::string> heard;
  std::optional<ConnectionPool> pool;
};

TEST_F(PoolTest, makes_an_item_when_it_is_needed_and_keeps_it) {
  use(options());
  EXPECT_EQ(pool->size(), 0u);
  {
    const Lease<Connection> got = lease();
    EXPECT_EQ(got->number, 1);
    EXPECT_EQ(pool->leased(), 1u);
    EXPECT_EQ(pool->idle(), 0u);
  }
  EXPECT_EQ(pool->leased(), 0u);
  EXPECT_EQ(pool->idle(), 1u);
  EXPECT_EQ(lease()->number, 1);
}

TEST_F(PoolTest, lends_the_one_that_was_used_last) {
  use(options());
  Lease<Connection> first = lease();
  Lease<Connection> second = lease();
  second.give_back();
  first.give_back();
  EXPECT_EQ(lease()->number, 1);
}

TEST_F(PoolTest, lets_those_wait_who_come_too_many_and_serves_them_in_order) {
  use(options(1));
  Lease<Connection> only = lease();
  note(pool->acquire(), "a");
  note(pool->acquire(), "b");
  settle();
  EXPECT_THAT(heard, IsEmpty());
  EXPECT_EQ(pool->waiting(), 2u);
  only.give_back();
  settle();
  EXPECT_THAT(heard, ElementsAre("a1", "b1"));
  EXPECT_EQ(made, 1);
}

TEST_F(PoolTest, makes_no_more_than_its_maximum) {
  use(options(3));
  for (int count = 0; count < 10; ++count) note(pool->acquire());
  settle();
  EXPECT_EQ(heard.size(), 10u);
  EXPECT_EQ(made, 3);
  EXPECT_EQ(pool->size(), 3u);
}

TEST_F(PoolTest, refuses_those_for_whom_there_is_no_room_to_wait) {
  auto given = options(1);
  given.max_waiting = 1;
  use(std::move(given));
  const Lease<Connection> only = lease();
  note(pool->acquire(), "waits ");
  EXPECT_EQ(failure_of(pool->acquire()), "acquire: EAGAIN: too many are waiting already");
  EXPECT_EQ(pool->waiting(), 1u);
}

TEST_F(PoolTest, lets_those_wait_whose_item_is_being_made_whatever_the_limit) {
  auto given = options(2);
  given.max_waiting = 0;
  use(std::move(given));
  note(pool->acquire());
  note(pool->acquire());
  settle();
  EXPECT_THAT(heard, ElementsAre("1", "2"));
}

TEST_F(PoolTest, passes_on_why_an_item_could_not_be_made) {
  use(options());
  failing = 1;
  EXPECT_EQ(failure_of(pool->acquire()), "no connection");
  EXPECT_EQ(pool->size(), 0u);
  EXPECT_EQ(lease()->number, 2);
}

TEST_F(PoolTest, makes_the_next_one_for_the_next_in_line_after_a_failure) {
  use(options(1));
  failing = 1;
  note(pool->acquire(), "a");
  note(pool->acquire(), "b");
  settle();
  EXPECT_THAT(heard, ElementsAre("ano connection", "b2"));
}

TEST_F(PoolTest, destroys_what_is_discarded_and_makes_another_for_the_next_in_line) {
  use(options(1));
  Lease<Connection> broken = lease();
  note(pool->acquire());
  broken.discard();
  EXPECT_FALSE(broken);
  settle();
  EXPECT_THAT(heard, ElementsAre("2"));
  EXPECT_EQ(alive, 1);
}

TEST_F(PoolTest, checks_what_was_idle_before_it_lends_it) {
  auto given = options();
  given.check = [](Connection& connection) { return connection.number > 1; };
  use(std::move(given));
  EXPECT_EQ(lease()->number, 1);
  EXPECT_EQ(lease()->number, 2);
  EXPECT_EQ(lease()->number, 2);
  EXPECT_EQ(alive, 1);
}

TEST_F(PoolTest, waits_for_a_check_that_takes_its_time) {
  auto given = options(1);
  std::vector<Resolver<bool>> answers;
  given.check = [&](Connection&) {
    auto [promise, resolver] = Promise<bool>::with_resolver();
    answers.push_back(std::move(resolver));
    return std::move(promise);
  };
  use(std::move(given));
  lease().give_back();
  note(pool->acquire());
  settle();
  EXPECT_EQ(pool->size(), 1u);
  EXPECT_THAT(heard, IsEmpty());
  answers.back().resolve(false);
  settle();
  EXPECT_THAT(heard, ElementsAre("2"));
}

TEST_F(PoolTest, takes_a_check_that_fails_for_no) {
  auto given = options();
  given.check = [](Connection&) -> bool { throw std::runtime_error("lost"); };
  use(std::move(given));
  lease().give_back();
  EXPECT_EQ(lease()->number, 2);
}

TEST_F(PoolTest, makes_some_ahead) {
  auto given = options(3);
  given.min_idle = 2;
  use(std::move(given));
  settle();
  EXPECT_EQ(pool->idle(), 2u);
  const Lease<Connection> one = lease();
  settle();
  EXPECT_EQ(pool->idle(), 2u);
  const Lease<Connection> two = lease();
  settle();
  EXPECT_EQ(pool->idle(), 1u);
}

TEST_F(PoolTest, tries_again_when_it_is_used_to_make_what_it_could_not_make_ahead) {
  auto given = options(3);
  given.min_idle = 1;
  failing = 1;
  use(std::move(given));
  settle();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(pool->size(), 0u);
  const Lease<Connection> one = lease();
  settle();
  EXPECT_EQ(pool->idle(), 1u);
}

TEST_F(PoolTest, destroys_what_was_idle_too_long) {
  testing::FakeClock clock;
  auto given = options(3);
  given.idle_timeout = 10s;
  given.min_idle = 1;
  use(std::move(given));
  Lease<Connection> first = lease();
  Lease<Connection> second = lease();
  Lease<Connection> third = lease();
  first.give_back();
  clock.advance(6s);
  second.give_back();
  third.give_back();
  clock.advance(5s);
  EXPECT_EQ(pool->idle(), 2u);
  clock.advance(6s);
  EXPECT_EQ(pool->idle(), 1u);
  clock.advance(1h);
  EXPECT_EQ(alive, 1);
}

TEST_F(PoolTest, keeps_no_loop_running) {
  auto given = options();
  given.idle_timeout = 1h;
  use(std::move(given));
  lease().give_back();
  loop().run();
  EXPECT_EQ(pool->idle(), 1u);
}

TEST_F(PoolTest, is_drained_when_all_is_given_back) {
  use(options(1));
  Lease<Connection> only = lease();
  note(pool->acquire(), "waits ");
  bool drained = false;
  pool->drain().then([&] { drained = true; }).detach();
  EXPECT_EQ(failure_of(pool->acquire()), "acquire: ECANCELED: the pool is gone, or drained");
  EXPECT_FALSE(drained);
  only.give_back();
  settle();
  EXPECT_THAT(heard, ElementsAre("waits 1"));
  EXPECT_TRUE(drained);
  EXPECT_EQ(alive, 0);
  wait(pool->drain());
}

TEST_F(PoolTest, is_drained_at_once_if_nothing_is_leased) {
  use(options());
  lease().give_back();
  wait(pool->drain());
  EXPECT_EQ(alive, 0);
}

TEST_F(PoolTest, fails_those_who_wait_when_it_goes) {
  use(options(1));
  Lease<Connection> only = lease();
  note(pool->acquire());
  note(pool->acquire());
  pool.reset();
  settle();
  const std::string gone = "acquire: ECANCELED: the pool is gone, or drained";
  EXPECT_THAT(heard, ElementsAre(gone, gone));
  EXPECT_EQ(only->number, 1);
  EXPECT_EQ(alive, 1);
  only.give_back();
  EXPECT_EQ(alive, 0);
}

TEST_F(PoolTest, fails_a_drain_when_it_goes) {
  use(options());
  const Lease<Connection> only = lease();
  Promise<> drained = pool->drain();
  pool.reset();
  EXPECT_EQ(failure_of(drained), "drain: ECANCELED: the pool is gone");
}

TEST_F(PoolTest, may_go_while_an_item_is_made) {
  auto [promise, resolver] = Promise<Connection>::with_resolver();
  use({.make = [made_later = std::move(promise)] { return made_later; }});
  note(pool->acquire());
  pool.reset();
  resolver.resolve(Connection(1, alive));
  settle();
  EXPECT_EQ(heard.size(), 1u);
  EXPECT_EQ(alive, 0);
}

TEST_F(PoolTest, gets_back_what_nobody_has_waited_for) {
  use(options(1));
  pool->acquire().detach();
  for (int count = 0; count < 100'000; ++count) pool->acquire().detach();
  settle();
  EXPECT_EQ(pool->waiting(), 0u);
  EXPECT_EQ(pool->idle(), 1u);
  EXPECT_EQ(made, 1);
}

TEST_F(PoolTest, keeps_a_leased_item_where_it_is) {
  use(options());
  Lease<Connection> got = lease();
  const Connection* address = &*got;
  const Lease<Connection> moved = std::move(got);
  EXPECT_EQ(&*moved, address);
  EXPECT_FALSE(got);
  EXPECT_DEATH(static_cast<void>(*got), "Lease was used after it was moved from");
}

TEST_F(PoolTest, refuses_options_that_make_no_sense) {
  EXPECT_THROW(ConnectionPool({.make = nullptr}), std::invalid_argument);
  EXPECT_THROW(ConnectionPool(options(0)), std::invalid_argument);
  auto given = options(1);
  given.min_idle = 2;
  EXPECT_THROW(ConnectionPool(std::move(given)), std::invalid_argument);
}

// --- contexts -----------------------------------------------------------------------------------

TEST_F(PoolTest, makes_and_checks_items_in_no_context) {
  AsyncLocalStorage<std::string> storage;
  const auto see = [&] { heard.push_back(storage.get_store() ? *storage.get_store() : "none"); };
  auto given = options();
  given.check = [&](Connection&) { return see(), true; };
  given.make = [&, make = std::move(given.make)]() mutable { return see(), make(); };
  use(std::move(given));
  storage.run("a", [&] { lease().give_back(); });
  storage.run("b", [&] { lease().give_back(); });
  EXPECT_THAT(heard, ElementsAre("none", "none"));
}

TEST_F(PoolTest, lets_those_who_waited_go_on_in_their_own_context) {
  AsyncLocalStorage<std::string> storage;
  use(options(1));
  std::optional<Lease<Connection>> only;
  storage.run("first", [&] { only = lease(); });
  const auto see = [&](Lease<Connection>) { heard.push_back(*storage.get_store()); };
  storage.run("second", [&] { pool->acquire().then(see).detach(); });
  storage.run("third", [&] { pool->acquire().then(see).detach(); });
  storage.run("first", [&] { only.reset(); });
  settle();
  EXPECT_THAT(heard, ElementsAre("second", "third"));
}

TEST_F(PoolTest, destroys_what_is_too_old_in_no_context) {
  struct Seeing {
    Seeing(AsyncLocalStorage<int>* where, std::vector<bool>* what) : storage(where), saw(what) {}
    Seeing(Seeing&& other) noexcept
        : storage(std::exchange(other.storage, nullptr)), saw(other.saw) {}
    Seeing& operator=(Seeing&&) = delete;
    ~Seeing() {
      if (storage) saw->push_back(storage->get_store() != nullptr);
    }
    AsyncLocalStorage<int>* storage;
    std::vector<bool>* saw;
  };
  testing::FakeClock clock;
  AsyncLocalStorage<int> storage;
  std::vector<bool> saw_a_store;
  Pool<Seeing> seeing(
      {.make = [&] { return Promise<Seeing>::resolve(Seeing(&storage, &saw_a_store)); },
       .idle_timeout = 1s});
  storage.run(1, [&] { wait(seeing.acquire()).give_back(); });
  clock.advance(2s);
  EXPECT_THAT(saw_a_store, ElementsAre(false));
}

// --- connections --------------------------------------------------------------------------------

class SocketPoolTest : public TcpTest {
 protected:
  SocketPoolTest() {
    server.listen(SocketAddress::loopback());
    pool.emplace(PoolOptions<TcpSocket>{
        .make = [to = server.address()] { return TcpSocket::connect(to); }, .max_size = 2});
  }
  void TearDown() override {
    pool.reset();
    if (has_loop()) server = TcpServer();
    TcpTest::TearDown();
  }
  static Promise<> echo(TcpSocket socket, int& echoed) {
    std::array<std::byte, 64> buffer;
    for (;;) {
      const std::size_t size = co_await socket.read(buffer);
      if (size == 0) break;
      ++echoed;
      std::string text(as_text(std::span(buffer).first(size)));
      co_await socket.write(std::move(text));
    }
  }
  static Promise<> ask(Pool<TcpSocket>& from, std::string question, std::vector<std::string>& to) {
    const Lease<TcpSocket> socket = co_await from.acquire();
    co_await socket->write(question);
    std::array<std::byte, 64> buffer;
    const std::size_t size = co_await socket->read(buffer);
    to.emplace_back(as_text(std::span(buffer).first(size)));
  }

  int connections = 0;
  int echoed = 0;
  TcpServer server{[this](TcpSocket socket) {
    ++connections;
    echo(std::move(socket), echoed).detach();
  }};
  std::optional<Pool<TcpSocket>> pool;
};

TEST_F(SocketPoolTest, shares_few_connections_among_many) {
  std::vector<std::string> answers;
  for (int question = 0; question < 8; ++question) {
    ask(*pool, std::to_string(question), answers).detach();
  }
  run_until([&] { return answers.size() == 8; });
  EXPECT_THAT(answers, ::testing::UnorderedElementsAre("0", "1", "2", "3", "4", "5", "6", "7"));
  EXPECT_EQ(echoed, 8);
  EXPECT_EQ(connections, 2);
  EXPECT_EQ(pool->idle(), 2u);
  wait(pool->drain());
}

TEST_F(SocketPoolTest, tells_who_waits_that_a_connection_is_refused) {
  std::optional<RawListener> gone(std::in_place);
  const SocketAddress nowhere = gone->address();
  Pool<TcpSocket> refused({.make = [nowhere] { return TcpSocket::connect(nowhere); }});
  gone.reset();
  EXPECT_THAT(failure_of(refused.acquire()), ::testing::HasSubstr("ECONNREFUSED"));
  EXPECT_EQ(refused.size(), 0u);
}

TEST_F(SocketPoolTest, may_go_with_its_loop_while_connections_are_in_use) {
  const auto hold = [](Pool<TcpSocket>& from) -> Promise<> {
    const Lease<TcpSocket> socket = co_await from.acquire();
    std::array<std::byte, 1> buffer;
    co_await socket->read(buffer);
  };
  hold(*pool).detach();
  run_until([&] { return connections == 1 && pool->leased() == 1; });
  destroy_loop();
  EXPECT_EQ(pool->leased(), 0u);
}

}  // namespace
}  // namespace contrail
