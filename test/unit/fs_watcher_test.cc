#include "contrail/fs_watcher.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "contrail/async_local_storage.h"
#include "support/tcp_test.h"
#include "temp_dir.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class WatcherTest : public TcpTest {
 protected:
  template <class Call>
  static std::string thrown_by(Call call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }
  fs::Path path(const char* name) const { return dir_.path() / name; }
  void make_dir(const char* name) const { std::filesystem::create_directory(path(name)); }
  void remove(const char* name) const { std::filesystem::remove(path(name)); }
  std::string store() { return storage_.get_store() ? *storage_.get_store() : "none"; }

  TempDir dir_;
  AsyncLocalStorage<std::string> storage_;
};

// --- FsWatcher ----------------------------------------------------------------------------------

class FsWatchers : public WatcherTest {
 protected:
  Function<void(FsChange, std::string_view)> note() {
    return [this](FsChange kind, std::string_view name) {
      seen_.push_back(fmt::format("{} {}", kind == FsChange::rename ? "rename" : "change", name));
    };
  }
  void await_events(std::size_t count) {
    run_until([&] { return seen_.size() >= count; });
  }
  std::vector<std::string> seen_;
};

TEST_F(FsWatchers, tell_what_happens_to_the_entries_of_a_directory) {
  FsWatcher watcher(dir_.path());
  watcher.on_change(note());
  ::mkfifo(path("entry").c_str(), 0600);
  await_events(1);
  ::chmod(path("entry").c_str(), 0700);
  await_events(2);
  remove("entry");
  await_events(3);
  EXPECT_THAT(seen_, ElementsAre("rename entry", "change entry", "rename entry"));
}

TEST_F(FsWatchers, tell_what_happens_to_a_file) {
  const fs::Path file = dir_.file("file", "");
  FsWatcher watcher(file);
  watcher.on_change(note());
  std::filesystem::resize_file(file, 1);
  await_events(1);
  EXPECT_EQ(seen_[0], "change file");
  std::filesystem::rename(file, path("other"));
  await_events(2);
  EXPECT_EQ(seen_[1], "rename file");
}

TEST_F(FsWatchers, may_share_a_path) {
  FsWatcher first(dir_.path()), second(dir_.path());
  first.on_change(note());
  second.on_change(note());
  make_dir("entry");
  await_events(2);
  EXPECT_THAT(seen_, ElementsAre("rename entry", "rename entry"));
}

TEST_F(FsWatchers, do_not_watch_what_is_deeper) {
  make_dir("sub");
  FsWatcher watcher(dir_.path());
  watcher.on_change(note());
  make_dir("sub/deep");
  make_dir("entry");
  await_events(1);
  EXPECT_THAT(seen_, ElementsAre("rename entry"));
}

TEST_F(FsWatchers, resolve_a_wait_with_the_next_event) {
  FsWatcher watcher(dir_.path());
  Promise<FsEvent> next = watcher.wait();
  make_dir("an entry with a name that is too long to be stored inside a string");
  const FsEvent event = wait(std::move(next));
  EXPECT_EQ(event.kind, FsChange::rename);
  EXPECT_EQ(event.name, "an entry with a name that is too long to be stored inside a string");
}

TEST_F(FsWatchers, cancel_a_wait_when_they_close) {
  FsWatcher watcher(dir_.path());
  Promise<FsEvent> next = watcher.wait();
  watcher.close();
  EXPECT_EQ(failure_of(std::move(next)),
            fmt::format("watch {}: ECANCELED: operation canceled", dir_.path().string()));
  EXPECT_THAT(failure_of(watcher.wait()), HasSubstr("EBADF"));
}

TEST_F(FsWatchers, refuse_what_cannot_be_watched) {
  EXPECT_EQ(thrown_by([] { FsWatcher watcher("/nowhere"); }),
            "watch /nowhere: ENOENT: no such file or directory");
  EXPECT_THAT(thrown_by([] { FsWatcher watcher(fs::Path(std::string("a\0b", 3))); }),
              HasSubstr("watch a\\0…: EINVAL"));
  EXPECT_THAT(thrown_by([] { FsWatcher watcher(std::string(5000, 'x')); }),
              HasSubstr("ENAMETOOLONG"));
}

TEST_F(FsWatchers, keep_the_loop_running_unless_they_are_unreferenced) {
  FsWatcher watcher(dir_.path());
  EXPECT_TRUE(watcher.has_ref());
  watcher.unref();
  EXPECT_FALSE(watcher.has_ref());
  loop().run();
}

TEST_F(FsWatchers, may_be_destroyed_inside_their_own_callback) {
  std::optional<FsWatcher> watcher(dir_.path());
  watcher->on_change([&, held = std::make_shared<int>(1)](FsChange, std::string_view) {
    watcher.reset();
    EXPECT_EQ(held.use_count(), 1);
  });
  make_dir("entry");
  make_dir("other");
  loop().run();
  EXPECT_FALSE(watcher);
}

TEST_F(FsWatchers, may_be_moved_while_they_are_waited_for) {
  FsWatcher first(dir_.path());
  Promise<FsEvent> next = first.wait();
  FsWatcher second(std::move(first));
  make_dir("entry");
  EXPECT_EQ(wait(std::move(next)).name, "entry");
}

TEST_F(FsWatchers, call_back_in_the_context_in_which_they_were_made) {
  std::string seen;
  std::optional<FsWatcher> watcher;
  storage_.run("made", [&] { watcher.emplace(dir_.path()); });
  storage_.run("listening",
               [&] { watcher->on_change([&](FsChange, std::string_view) { seen = store(); }); });
  make_dir("entry");
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, "made");
}

TEST_F(FsWatchers, say_in_a_tick_of_whoever_closed_them_that_they_are_closed) {
  std::string seen;
  FsWatcher watcher(dir_.path());
  storage_.run("listening", [&] { watcher.on_close([&] { seen += store(); }); });
  storage_.run("closing", [&] { watcher.close(); });
  watcher.close();
  EXPECT_EQ(seen, "");
  loop().run();
  EXPECT_EQ(seen, "closing");
}

TEST_F(FsWatchers, show_hooks_each_event_and_no_callback_for_their_end) {
  fs::Path shown;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (auto* details = made.details.as<FsWatcher::Details>()) shown = details->path;
  }});
  hook.enable();
  Trace trace;
  std::optional<FsWatcher> watcher(dir_.path());
  watcher->on_change([&](FsChange, std::string_view) { watcher.reset(); });
  make_dir("entry");
  loop().run();
  EXPECT_EQ(trace.text(), "+FSEVENTWRAP1(t=root) >FSEVENTWRAP1 <FSEVENTWRAP1 xFSEVENTWRAP1");
  EXPECT_EQ(shown, dir_.path());
}

TEST_F(FsWatchers, tell_the_loop_what_their_callback_throws) {
  catch_uncaught();
  FsWatcher watcher(dir_.path());
  watcher.on_change([](FsChange, std::string_view) { throw std::runtime_error("thrown"); });
  make_dir("entry");
  run_until([&] { return !uncaught.empty(); });
  EXPECT_EQ(uncaught, "thrown");
}

TEST_F(FsWatchers, end_with_their_loop) {
  FsWatcher watcher(dir_.path());
  watcher.on_close([] { FAIL(); });
  watcher.wait().detach();
  make_dir("entry");
  destroy_loop();
}

// --- StatWatcher --------------------------------------------------------------------------------

class StatWatchers : public WatcherTest {
 protected:
  void TearDown() override {
    if (has_loop()) loop().run();  // A look that has begun is waited for.
    WatcherTest::TearDown();
  }
};

TEST_F(StatWatchers, tell_when_a_file_appears_grows_and_disappears) {
  StatWatcher watcher(path("file"), 1ms);
  std::vector<StatChange> seen;
  watcher.on_change([&](const fs::Stat& current, const fs::Stat& previous) {
    seen.push_back({current, previous});
  });
  run_until([&] { return seen.size() == 1; });
  EXPECT_EQ(seen[0].current.links, 0u);
  EXPECT_EQ(seen[0].previous.links, 0u);

  dir_.file("file", "12");
  run_until([&] { return seen.back().current.size == 2; });
  EXPECT_TRUE(seen.back().current.is_file());
  dir_.file("file", "123");
  run_until([&] { return seen.back().current.size == 3; });
  remove("file");
  run_until([&] { return seen.back().current.links == 0; });
  EXPECT_EQ(seen.back().previous.size, 3u);
  EXPECT_EQ(seen.back().current.modified, fs::Time());
}

TEST_F(StatWatchers, see_what_stat_sees) {
  StatWatcher watcher(path("file"), 1ms);
  wait(watcher.wait());
  Promise<StatChange> next = watcher.wait();
  std::filesystem::rename(dir_.file("prepared", "text"), path("file"));
  const fs::Stat seen = wait(std::move(next)).current;
  const fs::Stat known = wait(fs::stat(path("file")));
  EXPECT_EQ(seen.size, known.size);
  EXPECT_EQ(seen.mode, known.mode);
  EXPECT_EQ(seen.modified, known.modified);
  EXPECT_EQ(seen.changed, known.changed);
  EXPECT_EQ(seen.inode, known.inode);
  EXPECT_EQ(seen.device, known.device);
  EXPECT_EQ(seen.user, known.user);
  EXPECT_EQ(seen.blocks, known.blocks);
}

TEST_F(StatWatchers, cancel_a_wait_when_they_close) {
  StatWatcher watcher(path("file"));
  Promise<StatChange> next = watcher.wait();
  watcher.close();
  EXPECT_THAT(failure_of(std::move(next)), HasSubstr("ECANCELED"));
  EXPECT_THAT(failure_of(watcher.wait()), HasSubstr("EBADF"));
}

TEST_F(StatWatchers, refuse_impossible_paths_and_intervals) {
  EXPECT_THAT(thrown_by([] { StatWatcher watcher(fs::Path(std::string("a\0b", 3))); }),
              HasSubstr("stat a\\0…: EINVAL"));
  EXPECT_EQ(thrown_by([] { StatWatcher watcher("/x", 0ms); }),
            "stat /x: EINVAL: an interval of 0 ms is not possible");
  EXPECT_THAT(thrown_by([] { StatWatcher watcher("/x", std::chrono::hours(2000)); }),
              HasSubstr("EINVAL"));
}

TEST_F(StatWatchers, keep_the_loop_running_unless_they_are_unreferenced) {
  StatWatcher watcher("/");
  EXPECT_TRUE(watcher.has_ref());
  watcher.unref();
  EXPECT_FALSE(watcher.has_ref());
  loop().run();
}

TEST_F(StatWatchers, may_be_destroyed_inside_their_own_callback) {
  std::optional<StatWatcher> watcher;
  watcher.emplace(path("file"), 1ms);
  watcher->on_change([&, held = std::make_shared<int>(1)](const fs::Stat&, const fs::Stat&) {
    watcher.reset();
    EXPECT_EQ(held.use_count(), 1);
  });
  loop().run();
  EXPECT_FALSE(watcher);
}

TEST_F(StatWatchers, call_back_in_the_context_in_which_they_were_made) {
  std::string seen;
  std::optional<StatWatcher> watcher;
  storage_.run("made", [&] { watcher.emplace(path("file"), 1ms); });
  storage_.run("listening", [&] {
    watcher->on_change([&](const fs::Stat&, const fs::Stat&) { seen = store(); });
  });
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, "made");
}

TEST_F(StatWatchers, show_hooks_each_change) {
  Trace trace;
  std::optional<StatWatcher> watcher;
  watcher.emplace(path("file"), 1ms);
  int seen = 0;
  watcher->on_change([&](const fs::Stat&, const fs::Stat&) {
    if (++seen == 1) return make_dir("file");
    watcher.reset();
  });
  loop().run();
  EXPECT_EQ(trace.text(),
            "+STATWATCHER1(t=root) >STATWATCHER1 <STATWATCHER1 >STATWATCHER1 <STATWATCHER1 "
            "xSTATWATCHER1");
}

TEST_F(StatWatchers, end_with_their_loop_while_they_look) {
  StatWatcher watcher("/", 1ms);
  watcher.wait().detach();
  destroy_loop();
}

}  // namespace
}  // namespace contrail
