// A tracer of your own: at any moment it can tell how the running callback came to be.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <string>
#include <unordered_map>

using namespace contrail;
using namespace std::chrono_literals;

class Trail {
 public:
  Trail() { hook_.enable(); }
  Trail(const Trail&) = delete;  // The hook refers to this object.
  Trail& operator=(const Trail&) = delete;

  std::string here() const { return of(execution_async_id()); }

 private:
  std::string of(AsyncId id) const {
    const auto found = trails_.find(id);
    return found != trails_.end() ? found->second : "main";
  }

  std::unordered_map<AsyncId, std::string> trails_;
  AsyncHook hook_{{
      .init =
          [this](const ResourceInfo& made) {
            trails_[made.async_id] = of(made.trigger_async_id) + " > " + std::string(made.type);
          },
      .destroy = [this](AsyncId id) { trails_.erase(id); },
  }};
};

Promise<> work(const Trail& trail) {
  co_await sleep(1ms);
  fmt::print("{}\n", trail.here());
}

int main() {
  Loop loop;
  Trail trail;
  set_timeout([&] { set_immediate([&] { fmt::print("{}\n", trail.here()); }); }, 1ms);
  loop.run();
  next_tick([&] { work(trail).detach(); });
  loop.run();
}
