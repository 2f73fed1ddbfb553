// Watches everything that happens on a Loop: which resources there are, who caused them, when
// they run, when they go.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <map>
#include <string>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  std::map<std::string, int, std::less<>> count;

  AsyncHook hook({
      .init =
          [&](const ResourceInfo& made) {
            ++count[std::string(made.type)];
            fmt::print("init    {} {}, caused by {}\n", made.type, made.async_id,
                       made.trigger_async_id);
          },
      .before = [](AsyncId id) { fmt::print("before  {}\n", id); },
      .after = [](AsyncId id) { fmt::print("after   {}\n", id); },
      .destroy = [](AsyncId id) { fmt::print("destroy {}\n", id); },
  });
  hook.enable();

  set_timeout([] { set_immediate([] { fmt::print("  the immediate runs\n"); }); }, 1ms);
  loop.run();

  hook.disable();
  set_timeout([] { fmt::print("unseen\n"); }, 1ms);
  loop.run();
  for (const auto& [type, number] : count) fmt::print("{}: {}\n", type, number);
}
