// A directory that is made, filled, looked at and removed again, each step in the callback of the
// one before.
#include <deque>

#include "contrail/fs.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

class Program {
 public:
  void run() {
    add([this] {
      fs::make_temp_dir(std::filesystem::temp_directory_path() / "contrail-",
                        [this](Result<fs::Path> made) { top_ = *made, go(); });
    });
    add([this] { fs::make_dirs(top_ / "a/b", next<void>()); });
    add_files();
    add_looks();
    for (const char* name : {"file", "moved", "second", "link"}) {
      add([this, name] { fs::remove(top_ / name, next<void>()); });
    }
    for (const char* name : {"a/b", "a", ""}) {
      add([this, name] { fs::remove_dir(top_ / name, next<void>()); });
    }
    go();
    loop_.run();
    trace_.print();
  }

 private:
  void add_files() {
    add([this] { fs::write_file(top_ / "file", "text", next<void>()); });
    add([this] { fs::append_file(top_ / "file", " and more", next<void>()); });
    add([this] { fs::copy_file(top_ / "file", top_ / "copy", next<void>()); });
    add([this] { fs::rename(top_ / "copy", top_ / "moved", next<void>()); });
    add([this] { fs::link(top_ / "file", top_ / "second", next<void>()); });
    add([this] { fs::symlink("file", top_ / "link", next<void>()); });
  }
  void add_looks() {
    using namespace std::chrono_literals;
    add([this] { fs::read_link(top_ / "link", next<fs::Path>()); });
    add([this] { fs::real_path(top_ / "link", next<fs::Path>()); });
    add([this] { fs::lstat(top_ / "link", next<fs::Stat>()); });
    add([this] { fs::access(top_ / "missing", fs::Access::exists, next<void>()); });
    add([this] { fs::chmod(top_ / "file", 0600, next<void>()); });
    add([this] { fs::utimes(top_ / "file", fs::Time(1s), fs::Time(2s), next<void>()); });
    add([this] { fs::statfs(top_, next<fs::FileSystem>()); });
    add([this] { fs::read_dir(top_, next<std::vector<fs::DirEntry>>()); });
  }

  void add(Function<void()> step) { steps_.push_back(std::move(step)); }
  void go() {
    if (steps_.empty()) return;
    Function<void()> step = std::move(steps_.front());
    steps_.pop_front();
    step();
  }
  template <class T>
  Callback<T> next() {
    return [this](const Result<T>&) { go(); };
  }

  Loop loop_;
  ProgramTrace trace_;
  fs::Path top_;
  std::deque<Function<void()>> steps_;
};

}  // namespace

int main() { Program().run(); }
