// Names and the way back, awaited one after the other.
#include "contrail/async_local_storage.h"
#include "contrail/dns.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

class Program {
 public:
  void run() {
    storage_.run("awaiting", [this] { ask().detach(); });
    loop_.run();
    trace_.print();
  }

 private:
  void note(std::string_view what) { say(fmt::format("{} in {}", what, *storage_.get_store())); }

  Promise<> ask() {
    const LookupOptions only_ipv4{.family = AddressFamily::ipv4};
    note((co_await lookup("localhost", only_ipv4)).at(0).ip());
    note((co_await lookup("127.0.0.1")).at(0).ip());
    try {
      co_await lookup("contrail.invalid");
    } catch (const Error&) {
      note("not found");
    }
    auto way_back =
        storage_.run("back", [] { return reverse_lookup(SocketAddress::loopback(80)); });
    const HostAndService found = co_await way_back;
    note(found.host + " " + found.service);
  }

  Loop loop_;
  ProgramTrace trace_;
  AsyncLocalStorage<std::string> storage_;
};

}  // namespace

int main() { Program().run(); }
