#include "contrail/fs.h"

#include <unistd.h>

#include <optional>

#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class FsTest : public TcpTest {
 protected:
  std::string read(const fs::Path& path) { return wait(fs::read_file(path)); }

  TempDir dir_;
};

TEST_F(FsTest, reads_a_small_file) {
  EXPECT_EQ(read(dir_.file("small", "some text\n")), "some text\n");
}

TEST_F(FsTest, reads_an_empty_file) { EXPECT_EQ(read(dir_.file("empty", "")), ""); }

TEST_F(FsTest, reads_bytes_as_they_are) {
  const std::string bytes("\0\r\n\xff", 4);
  EXPECT_EQ(read(dir_.file("bytes", bytes)), bytes);
}

TEST_F(FsTest, reads_a_large_file) {
  std::string large(3 << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 97) large[i] = static_cast<char>(i);
  EXPECT_TRUE(read(dir_.file("large", large)) == large);
}

TEST_F(FsTest, reads_a_file_that_fills_its_first_step_exactly) {
  for (std::size_t size : {4095, 4096, 4097, 8192}) {
    EXPECT_EQ(read(dir_.file("page", std::string(size, 'p'))).size(), size);
  }
}

TEST_F(FsTest, reads_a_file_that_does_not_know_its_size) {
  EXPECT_EQ(wait(fs::stat("/proc/self/status")).size, 0u);
  EXPECT_THAT(read("/proc/self/status"), HasSubstr("Pid:"));
}

TEST_F(FsTest, reads_in_callback_style) {
  std::string text;
  fs::read_file(dir_.file("small", "text"), [&](Result<std::string> result) { text = *result; });
  EXPECT_EQ(text, "");
  run_until([&] { return !text.empty(); });
  EXPECT_EQ(text, "text");
}

TEST_F(FsTest, reads_in_coroutine_style) {
  auto both = [](fs::Path first, fs::Path second) -> Promise<std::string> {
    const std::string start = co_await fs::read_file(std::move(first));
    co_return start + co_await fs::read_file(std::move(second));
  };
  EXPECT_EQ(wait(both(dir_.file("a", "foo"), dir_.file("b", "bar"))), "foobar");
}

TEST_F(FsTest, many_reads_may_be_under_way) {
  std::size_t bytes = 0;
  for (int i = 0; i < 200; ++i) {
    auto path = dir_.file(std::to_string(i), std::string(static_cast<std::size_t>(i), 'x'));
    fs::read_file(path, [&](Result<std::string> text) { bytes += text->size(); });
  }
  loop().run();
  EXPECT_EQ(bytes, 199u * 200 / 2);
}

TEST_F(FsTest, a_directory_cannot_be_read) {
  EXPECT_EQ(failure_of(fs::read_file(dir_.path())),
            "read " + dir_.path().string() + ": EISDIR: illegal operation on a directory");
}

TEST_F(FsTest, a_missing_file_is_an_error) {
  EXPECT_EQ(failure_of(fs::read_file("/nowhere")),
            "open /nowhere: ENOENT: no such file or directory");
  EXPECT_EQ(failure_of(fs::stat("/nowhere")), "stat /nowhere: ENOENT: no such file or directory");
}

TEST_F(FsTest, an_empty_path_is_an_error) {
  EXPECT_THAT(failure_of(fs::read_file("")), StartsWith("open: ENOENT"));
}

TEST_F(FsTest, a_forbidden_file_is_an_error) {
  if (::geteuid() == 0) GTEST_SKIP() << "nothing is forbidden to root";
  const auto path = dir_.file("secret", "text");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  EXPECT_THAT(failure_of(fs::read_file(path)), HasSubstr("EACCES"));
}

TEST_F(FsTest, a_path_with_a_nul_in_it_is_refused) {
  const fs::Path path(std::string("/etc/passwd\0.txt", 16));
  EXPECT_THAT(failure_of(fs::read_file(path)), StartsWith("read_file /etc/passwd\\0…: EINVAL"));
  EXPECT_THAT(failure_of(fs::stat(path)), StartsWith("stat /etc/passwd\\0…: EINVAL"));
}

TEST_F(FsTest, a_file_of_2_gib_is_too_large) {
  const auto path = dir_.file("huge", "");
  for (off_t size : {off_t{1} << 31, std::numeric_limits<off_t>::max()}) {
    if (::truncate(path.c_str(), size) < 0) continue;  // This file system has no such files.
    EXPECT_EQ(failure_of(fs::read_file(path)), "read " + path.string() + ": EFBIG: file too large");
  }
}

TEST_F(FsTest, stat_tells_a_file) {
  const fs::Stat stat = wait(fs::stat(dir_.file("file", "12345")));
  EXPECT_EQ(stat.size, 5u);
  EXPECT_TRUE(stat.is_file());
  EXPECT_FALSE(stat.is_directory());
}

TEST_F(FsTest, stat_tells_a_directory) { EXPECT_TRUE(wait(fs::stat(dir_.path())).is_directory()); }

TEST_F(FsTest, stat_tells_when_a_file_was_modified) {
  const auto path = dir_.file("old", "");
  const timespec times[2] = {{0, 0}, {1'000'000'000, 250'000'000}};
  ::utimensat(AT_FDCWD, path.c_str(), times, 0);
  const auto modified = wait(fs::stat(path)).modified.time_since_epoch();
  EXPECT_EQ(modified, std::chrono::milliseconds(1'000'000'000'250));
}

TEST_F(FsTest, stat_follows_links) {
  std::filesystem::create_symlink(dir_.file("file", "12345"), dir_.path() / "link");
  EXPECT_EQ(wait(fs::stat(dir_.path() / "link")).size, 5u);
}

// --- what hooks see -----------------------------------------------------------------------------

TEST_F(FsTest, shows_hooks_what_it_does) {
  std::string seen;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (auto* details = made.details.as<fs::Details>()) {
      seen += fmt::format("{} {} {} ", made.type, details->operation, details->path);
    }
  }});
  hook.enable();
  fs::read_file("/a", ignore);
  fs::stat("/b", ignore);
  loop().run();
  EXPECT_EQ(seen, "FSREQCALLBACK read_file /a FSREQCALLBACK stat /b ");
}

// --- lives --------------------------------------------------------------------------------------

TEST_F(FsTest, what_the_callback_throws_reaches_the_loop) {
  catch_uncaught();
  fs::stat("/", [](Result<fs::Stat>) { throw std::runtime_error("thrown"); });
  run_until([&] { return !uncaught.empty(); });
  EXPECT_EQ(uncaught, "thrown");
}

TEST_F(FsTest, the_loop_may_go_while_the_pool_works) {
  const auto held = std::make_shared<int>();
  const auto path = dir_.file("large", std::string(1 << 20, 'x'));
  for (int i = 0; i < 50; ++i) {
    fs::read_file(path, [held](auto) { ADD_FAILURE() << "called"; });
    fs::read_file(path).detach();
  }
  destroy_loop();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace contrail
