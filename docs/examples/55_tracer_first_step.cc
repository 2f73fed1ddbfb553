// The first step of a tracer: hear what happens, and count it.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <map>
#include <string>

using namespace contrail;
using namespace std::chrono_literals;

class ResourceCounter {
 public:
  ResourceCounter() { hook_.enable(); }
  const std::map<std::string, int, std::less<>>& made() const { return made_; }

 private:
  void init(const ResourceInfo& made) { ++made_[std::string(made.type)]; }

  std::map<std::string, int, std::less<>> made_;
  AsyncHook hook_{{.init = [this](const ResourceInfo& made) { init(made); }}};
};

int main() {
  Loop loop;
  ResourceCounter counter;
  for (int i = 0; i < 3; ++i) set_timeout([] { set_immediate([] {}); }, 1ms);
  loop.run();
  for (const auto& [type, count] : counter.made()) fmt::print("{} {}\n", count, type);
}
