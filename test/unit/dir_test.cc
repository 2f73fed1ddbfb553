#include "contrail/dir.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "contrail/async_local_storage.h"
#include "support/lives.h"
#include "support/sanitizers.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"
#include "support/trace.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

/// How many descriptors the process has open.
std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

/// While it exists, nothing can be opened.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(STDIN_FILENO);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

class DirTest : public TcpTest {
 protected:
  void make(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const auto path = dir_.path() / name;
      if (name.ends_with('/')) {
        std::filesystem::create_directories(path);
      } else {
        std::filesystem::create_directories(path.parent_path());
        dir_.file(name, "content");
      }
    }
  }
  void make_many(int count) {
    for (int number = 0; number < count; ++number) dir_.file(std::to_string(number), "");
  }
  const fs::Path& path() const { return dir_.path(); }
  Dir open(fs::DirOptions options = {}) { return wait(fs::open_dir(path(), options)); }

  std::vector<std::string> names_of(Dir& dir) {
    std::vector<std::string> names;
    while (auto entry = wait(dir.read())) names.push_back(entry->name);
    return names;
  }
  /// "name" or "name: ERROR", relative to the top.
  std::vector<std::string> walk(fs::WalkOptions options = {}) {
    fs::Walk walk = wait(fs::walk(path(), options));
    std::vector<std::string> found;
    while (auto entry = wait(walk.next())) {
      const std::string name = entry->path.lexically_relative(path()).string();
      found.push_back(entry->error ? name + ": " + std::string(entry->error->name()) : name);
    }
    return found;
  }

  void TearDown() override {
    if (has_loop()) loop().run();  // What a test has let go of closes on the pool.
    TcpTest::TearDown();
  }

  TempDir dir_;
};

TEST_F(DirTest, reads_each_entry_once_and_then_none) {
  make({"one", "two", "sub/"});
  Dir dir = open();
  EXPECT_THAT(names_of(dir), UnorderedElementsAre("one", "two", "sub"));
  EXPECT_FALSE(wait(dir.read()));
}

TEST_F(DirTest, tells_what_an_entry_is) {
  make({"sub/"});
  Dir dir = open();
  const auto entry = wait(dir.read());
  EXPECT_TRUE(entry->is_directory());
}

TEST_F(DirTest, reads_in_chunks) {
  make_many(10);
  Dir dir = open({.chunk = 4});
  EXPECT_EQ(wait(dir.read_chunk()).size(), 4u);
  wait(dir.read());
  EXPECT_EQ(wait(dir.read_chunk()).size(), 3u) << "what is at hand";
  EXPECT_EQ(wait(dir.read_chunk()).size(), 2u);
  EXPECT_THAT(wait(dir.read_chunk()), IsEmpty());
}

TEST_F(DirTest, can_be_read_several_times_at_once) {
  make_many(10);
  Dir dir = open({.chunk = 2});
  std::set<std::string> names;
  int ends = 0;
  for (int reads = 0; reads < 12; ++reads) {
    dir.read([&](Result<std::optional<fs::DirEntry>> entry) {
      *entry ? void(names.insert((*entry)->name)) : void(++ends);
    });
  }
  run_until([&] { return names.size() + static_cast<std::size_t>(ends) == 12; });
  EXPECT_EQ(names.size(), 10u);
  EXPECT_EQ(ends, 2);
}

TEST_F(DirTest, says_why_it_cannot_be_opened) {
  make({"file"});
  EXPECT_THAT(failure_of(fs::open_dir("/nowhere")), StartsWith("opendir /nowhere: ENOENT"));
  EXPECT_THAT(failure_of(fs::open_dir(path() / "file")),
              StartsWith("opendir " + (path() / "file").string() + ": ENOTDIR"));
  EXPECT_THAT(failure_of(fs::open_dir(path(), {.chunk = 0})), ::testing::HasSubstr("EINVAL"));
  EXPECT_THAT(failure_of(fs::open_dir(std::string("a\0b", 3))), StartsWith("open_dir a\\0"));
}

TEST_F(DirTest, fails_when_it_is_closed) {
  Dir dir = open();
  EXPECT_TRUE(dir.is_open());
  wait(dir.close());
  EXPECT_FALSE(dir.is_open());
  EXPECT_THAT(failure_of(dir.read()), StartsWith("read_dir " + path().string() + ": EBADF"));
  wait(dir.close());
}

TEST_F(DirTest, finishes_what_is_in_flight_before_it_closes) {
  make({"one"});
  Dir dir = open();
  auto entry = dir.read();
  auto closed = dir.close();
  wait(closed);
  EXPECT_EQ(wait(entry)->name, "one");
}

TEST_F(DirTest, closes_when_it_goes_and_cancels_what_is_in_flight) {
  make({"one"});
  const auto before = open_descriptors();
  std::string error;
  {
    Dir dir = open();
    EXPECT_EQ(open_descriptors(), before + 1);
    dir.read([&](Result<std::optional<fs::DirEntry>> entry) { error = entry.error().name(); });
  }
  loop().run();
  EXPECT_EQ(error, "ECANCELED");
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(DirTest, may_go_inside_its_own_callback) {
  make({"one"});
  Dir dir = open();
  std::string name;
  dir.read([&](Result<std::optional<fs::DirEntry>> entry) {
    dir = Dir();
    name = (*entry)->name;
  });
  loop().run();
  EXPECT_EQ(name, "one");
}

TEST_F(DirTest, may_outlive_its_loop) {
  make({"one"});
  const auto before = open_descriptors();
  Dir dir = open();
  dir.read([](auto) { FAIL() << "a Loop that goes calls nobody"; });
  destroy_loop();
  EXPECT_FALSE(dir.is_open());
  EXPECT_LE(open_descriptors(), before);
}

TEST_F(DirTest, dies_with_a_sentence_when_it_was_moved_from) {
  Dir dir = open();
  const Dir other = std::move(dir);
  EXPECT_FALSE(dir);
  EXPECT_DEATH(dir.read().detach(), "Dir was used after it was moved from");
}

TEST_F(DirTest, is_a_handle_that_nobody_made_and_is_closed_by_a_request) {
  make({"one"});
  Lives lives{"DIRHANDLE", "FSREQCALLBACK"};
  Trace trace;
  std::optional<Dir> dir;
  fs::open_dir(path(), [&](Result<Dir> opened) { dir = *std::move(opened); });
  loop().run();
  EXPECT_EQ(trace.take(),
            "+FSREQCALLBACK1(t=root) +DIRHANDLE1(t=0) >FSREQCALLBACK1 <FSREQCALLBACK1 "
            "xFSREQCALLBACK1");
  dir->close([](Result<void>) {});
  loop().run();
  EXPECT_EQ(trace.text(),
            "+FSREQCALLBACK2(t=root) >FSREQCALLBACK2 <FSREQCALLBACK2 xDIRHANDLE1 xFSREQCALLBACK2");
  EXPECT_EQ(lives.id("DIRHANDLE"), dir->async_id());
}

TEST_F(DirTest, has_no_context_and_calls_back_where_it_was_asked) {
  make({"one", "two"});
  AsyncLocalStorage<std::string> storage;
  std::vector<std::string> seen;
  const auto see = [&](auto) { seen.push_back(*storage.get_store()); };
  std::optional<Dir> dir;
  storage.run("opener", [&] {
    fs::open_dir(path(), [&](Result<Dir> opened) {
      seen.push_back(*storage.get_store());
      dir = *std::move(opened);
    });
  });
  loop().run();
  storage.run("first", [&] { dir->read(see); });
  loop().run();
  storage.run("second", [&] { dir->read(see); });
  storage.run("closer", [&] { dir->close(see); });
  loop().run();
  EXPECT_THAT(seen, ElementsAre("opener", "first", "second", "closer"));
}

TEST_F(DirTest, can_be_read_by_a_coroutine) {
  make({"one", "two"});
  std::set<std::string> names;
  const auto read_all = [](fs::Path where, std::set<std::string>& to) -> Promise<> {
    Dir dir = co_await fs::open_dir(where);
    while (auto entry = co_await dir.read()) to.insert(entry->name);
    co_await dir.close();
  };
  wait(read_all(path(), names));
  EXPECT_THAT(names, ElementsAre("one", "two"));
}

// --- trees --------------------------------------------------------------------------------------

TEST_F(DirTest, walk_finds_everything_and_directories_first) {
  make({"a/b/deep", "a/file", "empty/", "top"});
  const auto found = walk();
  EXPECT_THAT(found, UnorderedElementsAre("a", "a/b", "a/b/deep", "a/file", "empty", "top"));
  const auto place = [&](std::string_view name) { return std::ranges::find(found, name); };
  EXPECT_LT(place("a"), place("a/b"));
  EXPECT_LT(place("a/b"), place("a/b/deep"));
}

TEST_F(DirTest, walk_tells_depths_and_types) {
  make({"a/file"});
  fs::Walk walk = wait(fs::walk(path()));
  auto entry = wait(walk.next());
  EXPECT_EQ(entry->depth, 1u);
  EXPECT_EQ(entry->type, fs::FileType::directory);
  entry = wait(walk.next());
  EXPECT_EQ(entry->depth, 2u);
  EXPECT_EQ(entry->type, fs::FileType::file);
  EXPECT_EQ(entry->path, path() / "a/file");
  EXPECT_FALSE(wait(walk.next()));
}

TEST_F(DirTest, walk_goes_no_deeper_than_it_is_told) {
  make({"a/b/deep", "top"});
  EXPECT_THAT(walk({.max_depth = 1}), UnorderedElementsAre("a", "top"));
  EXPECT_THAT(walk({.max_depth = 2}), UnorderedElementsAre("a", "a/b", "top"));
  EXPECT_THAT(walk({.max_depth = 0}), UnorderedElementsAre("a", "top"));
}

TEST_F(DirTest, walk_does_not_follow_links) {
  make({"a/file"});
  std::filesystem::create_directory_symlink(path() / "a", path() / "link");
  EXPECT_THAT(walk(), UnorderedElementsAre("a", "a/file", "link"));
}

TEST_F(DirTest, walk_follows_links_but_no_circles) {
  make({"a/file"});
  std::filesystem::create_directory_symlink(path() / "a", path() / "link");
  std::filesystem::create_directory_symlink(path(), path() / "a" / "up");
  std::filesystem::create_symlink("nowhere", path() / "dangling");
  EXPECT_THAT(walk({.follow_links = true}),
              UnorderedElementsAre("a", "a/file", "a/up: ELOOP", "link", "link/file",
                                   "link/up: ELOOP", "dangling"));
}

TEST_F(DirTest, walk_goes_on_behind_a_directory_that_it_cannot_open) {
  if (has_address_sanitizer) GTEST_SKIP() << "sanitizers need descriptors, too";
  make({"a/file", "b/file", "top"});
  fs::Walk walk = wait(fs::walk(path()));
  const NoMoreDescriptors none;
  std::vector<std::string> found;
  while (auto entry = wait(walk.next())) {
    const std::string error = entry->error ? entry->error->what() : "";
    found.push_back(entry->path.filename().string() + " " + error.substr(0, 7));
  }
  EXPECT_THAT(found, UnorderedElementsAre("a opendir", "b opendir", "top "));
}

TEST_F(DirTest, walk_fails_if_the_top_cannot_be_opened) {
  make({"file"});
  EXPECT_THAT(failure_of(fs::walk("/nowhere")), StartsWith("opendir /nowhere: ENOENT"));
  EXPECT_THAT(failure_of(fs::walk(path() / "file")), ::testing::HasSubstr("ENOTDIR"));
}

TEST_F(DirTest, walk_closes_all_directories_when_it_goes) {
  make({"a/b/c/d/e/file"});
  const auto before = open_descriptors();
  {
    fs::Walk walk = wait(fs::walk(path(), {.chunk = 1}));
    for (int steps = 0; steps < 4; ++steps) wait(walk.next());
    EXPECT_GT(open_descriptors(), before + 3);
  }
  loop().run();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(DirTest, walk_fails_when_it_is_closed) {
  fs::Walk walk = wait(fs::walk(path()));
  EXPECT_TRUE(walk.is_open());
  wait(walk.close());
  EXPECT_THAT(failure_of(walk.next()), ::testing::HasSubstr("EBADF"));
}

TEST_F(DirTest, walk_is_one_request_for_many_directories) {
  make({"a/1", "b/2", "c/d/e/f/3"});
  Lives lives{"DIRHANDLE", "FSREQCALLBACK"};
  EXPECT_EQ(walk().size(), 9u);
  loop().run();
  EXPECT_EQ(lives.count("DIRHANDLE"), 1u);
  EXPECT_EQ(lives.count("FSREQCALLBACK"), 4u) << "open, all entries, the end, close";
}

}  // namespace
}  // namespace contrail
