// Names, a literal, a name that nobody knows, and the way back: one after the other, in contexts of
// their own.
#include "contrail/async_local_storage.h"
#include "contrail/dns.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

using Addresses = Result<std::vector<SocketAddress>>;

class Program {
 public:
  void run() {
    storage_.run("name", [this] {
      const LookupOptions only_ipv4{.family = AddressFamily::ipv4};
      lookup("localhost", only_ipv4, [this](Addresses found) {
        note(found->at(0).ip());
        literal();
      });
    });
    loop_.run();
    trace_.print();
  }

 private:
  void note(std::string_view what) { say(fmt::format("{} in {}", what, *storage_.get_store())); }

  void literal() {
    storage_.run("literal", [this] {
      lookup("127.0.0.1", [this](Addresses found) {
        note(found->at(0).ip());
        number();
      });
    });
  }
  void number() {
    storage_.run("number", [this] {
      lookup("127.1", [this](Addresses found) {
        note(found->at(0).ip());
        nobody();
      });
    });
  }
  void nobody() {
    storage_.run("nobody", [this] {
      lookup("contrail.invalid", [this](Addresses found) {
        note(found ? "found" : "not found");
        back();
      });
    });
  }
  void back() {
    storage_.run("back", [this] {
      reverse_lookup(SocketAddress::loopback(80), [this](Result<HostAndService> found) {
        note(found->host);
        not_text();
      });
    });
  }
  void not_text() {
    storage_.run("not text", [this] {
      lookup("\xed\xa0\x80", [this](Addresses found) { note(found.error().name()); });
    });
  }

  Loop loop_;
  ProgramTrace trace_;
  AsyncLocalStorage<std::string> storage_;
};

}  // namespace

int main() { Program().run(); }
