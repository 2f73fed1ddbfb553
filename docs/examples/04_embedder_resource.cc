// A resource of your own: a pool whose jobs wait in a queue and finish together. Each job answers
// in the context of whoever submitted it, and hooks see each as a resource.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

using namespace contrail;
using namespace std::chrono_literals;

class QueryPool {
 public:
  void submit(std::string query, Function<void(std::string)> done) {
    jobs_.push_back({std::move(query), std::move(done)});  // init
  }

  void finish_all() {
    for (Job& job : std::exchange(jobs_, {})) {
      job.resource.run_in_async_scope(job.done, "rows of " + job.query);  // before, done(), after
    }
  }  // destroy: the jobs are gone

 private:
  struct Job {
    std::string query;
    Function<void(std::string)> done;
    AsyncResource resource{"PoolJob"};
  };
  std::vector<Job> jobs_;
};

AsyncLocalStorage<std::string> user;

int main() {
  Loop loop;
  QueryPool pool;
  auto report = [](std::string rows) { fmt::print("{} gets {}\n", *user.get_store(), rows); };
  user.run("alice", [&] { pool.submit("books", report); });
  user.run("bob", [&] { pool.submit("films", report); });
  set_timeout([&] { pool.finish_all(); }, 1ms);
  loop.run();
}
