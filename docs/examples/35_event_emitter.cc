// Something that tells others what happens to it; and the same as a resource, whose listeners run
// in the context it was made in.

#include <contrail/contrail.h>
#include <fmt/core.h>

using namespace contrail;

using Chat = EventEmitter<Event<"line", std::string>, Event<"end">>;
using Query = EventEmitterAsyncResource<Event<"row", int>>;

AsyncLocalStorage<std::string> user;

Promise<> wait_for_goodbye(Chat& chat) {
  std::string line;
  while (line != "goodbye") line = co_await chat.next<"line">();
  fmt::print("(somebody has said goodbye)\n");
}

int main() {
  Loop loop;

  Chat chat;
  const Listener everything =
      chat.on<"line">([](const std::string& text) { fmt::print("{}\n", text); });
  chat.once<"end">([] { fmt::print("(the end)\n"); });
  wait_for_goodbye(chat).detach();
  chat.emit<"line">("goodbye");
  chat.emit<"end">();
  chat.off(everything);
  if (!chat.emit<"line">("hello?")) fmt::print("(nobody listens)\n");
  loop.run();

  std::optional<Query> query;
  user.run("ada", [&] { query.emplace("DbQuery"); });
  query->on<"row">([](int row) { fmt::print("row {} for {}\n", row, *user.get_store()); });
  user.run("the database's thread of events", [&] { query->emit<"row">(1); });
}
