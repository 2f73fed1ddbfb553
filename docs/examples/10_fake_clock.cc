// A test that takes no time: the clock moves when the test says so.

#include <contrail/contrail.h>
#include <contrail/testing/fake_clock.h>
#include <fmt/core.h>

using namespace contrail;
using namespace std::chrono_literals;

/// What is tested: a login ends after an hour without use.
class Login {
 public:
  Login() : idle_(set_timeout([this] { open_ = false; }, 1h)) {}
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;
  ~Login() { idle_.clear(); }

  void use() { idle_.refresh(); }
  bool is_open() const { return open_; }

 private:
  bool open_ = true;
  Timeout idle_;
};

int main() {
  Loop loop;
  contrail::testing::FakeClock clock;  // In full: testing:: alone might be GoogleTest's.
  Login login;
  auto report = [&](const char* when) {
    fmt::print("{}: {}\n", when, login.is_open() ? "open" : "over");
  };

  clock.advance(59min);
  report("after 59 minutes");
  login.use();
  clock.advance(59min);
  report("59 minutes after its use");
  clock.advance(1min);
  report("a minute later");
}
