// What fs.h does to files: write, copy, rename, link, remove, and what it tells of them.

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "contrail/fs.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FsWriteTest : public TcpTest {
 protected:
  fs::Path at(std::string_view name) const { return dir_.path() / name; }
  static std::string content(const fs::Path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static bool exists(const fs::Path& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
  }

  TempDir dir_;
};

TEST_F(FsWriteTest, writes_a_new_file) {
  wait(fs::write_file(at("new"), "text"));
  EXPECT_EQ(content(at("new")), "text");
}

TEST_F(FsWriteTest, replaces_what_was_in_a_file) {
  const auto path = dir_.file("old", "a longer text");
  wait(fs::write_file(path, "short"));
  EXPECT_EQ(content(path), "short");
}

TEST_F(FsWriteTest, writes_bytes_as_they_are) {
  const std::string bytes("\0\r\n\xff", 4);
  wait(fs::write_file(at("bytes"), bytes));
  EXPECT_EQ(content(at("bytes")), bytes);
}

TEST_F(FsWriteTest, writes_a_large_file_without_holding_up_the_loop) {
  std::string large(64 << 20, 'x');
  bool done = false;
  fs::write_file(at("large"), std::move(large), [&](Result<void> result) {
    result.value();
    done = true;
  });
  EXPECT_FALSE(done);
  run_until([&] { return done; });
  EXPECT_EQ(std::filesystem::file_size(at("large")), std::size_t{64} << 20);
}

TEST_F(FsWriteTest, appends_to_a_file) {
  wait(fs::append_file(at("log"), "one\n"));
  wait(fs::append_file(at("log"), "two\n"));
  EXPECT_EQ(content(at("log")), "one\ntwo\n");
}

TEST_F(FsWriteTest, an_exclusive_write_refuses_a_file_that_exists) {
  const auto path = dir_.file("old", "text");
  EXPECT_EQ(failure_of(fs::write_file(path, "new", {.exclusive = true})),
            "open " + path.string() + ": EEXIST: file already exists");
  EXPECT_EQ(content(path), "text");
}

TEST_F(FsWriteTest, a_new_file_has_the_mode_that_was_asked_for) {
  wait(fs::write_file(at("secret"), "text", {.mode = 0600, .flush = true}));
  EXPECT_EQ(wait(fs::stat(at("secret"))).mode & 0777, 0600u);
}

TEST_F(FsWriteTest, a_write_that_fails_says_where) {
  EXPECT_EQ(failure_of(fs::write_file(dir_.path(), "text")),
            "open " + dir_.path().string() + ": EISDIR: illegal operation on a directory");
  EXPECT_EQ(failure_of(fs::write_file("/dev/full", "text")),
            "write /dev/full: ENOSPC: no space left on device");
}

TEST_F(FsWriteTest, truncates_a_file) {
  const auto path = dir_.file("file", "12345");
  wait(fs::truncate(path, 2));
  EXPECT_EQ(content(path), "12");
  wait(fs::truncate(path, 4));
  EXPECT_EQ(content(path), std::string("12\0\0", 4));
}

TEST_F(FsWriteTest, a_size_beyond_what_the_system_knows_is_refused) {
  const auto path = dir_.file("file", "12345");
  EXPECT_THAT(failure_of(fs::truncate(path, ~std::uint64_t{0})), StartsWith("truncate"));
  EXPECT_EQ(content(path), "12345");
}

TEST_F(FsWriteTest, copies_a_file) {
  const auto from = dir_.file("from", "text");
  wait(fs::copy_file(from, at("to")));
  wait(fs::copy_file(from, at("to")));
  EXPECT_EQ(content(at("to")), "text");
}

TEST_F(FsWriteTest, an_exclusive_copy_refuses_a_file_that_exists) {
  const auto from = dir_.file("from", "new");
  const auto to = dir_.file("to", "old");
  EXPECT_EQ(failure_of(fs::copy_file(from, to, {.exclusive = true})),
            "copyfile " + from.string() + " -> " + to.string() + ": EEXIST: file already exists");
  EXPECT_EQ(content(to), "old");
}

TEST_F(FsWriteTest, clones_a_file_where_that_is_possible) {
  const auto from = dir_.file("from", "text");
  wait(fs::copy_file(from, at("to"), {.clone = fs::CopyOptions::Clone::if_possible}));
  EXPECT_EQ(content(at("to")), "text");
}

TEST_F(FsWriteTest, renames_a_file) {
  const auto from = dir_.file("from", "text");
  wait(fs::rename(from, at("to")));
  EXPECT_EQ(content(at("to")), "text");
  EXPECT_EQ(failure_of(fs::rename(from, at("to"))), "rename " + from.string() + " -> " +
                                                        at("to").string() +
                                                        ": ENOENT: no such file or directory");
}

TEST_F(FsWriteTest, removes_a_file_but_no_directory) {
  const auto path = dir_.file("file", "");
  wait(fs::remove(path));
  EXPECT_FALSE(exists(path));
  EXPECT_THAT(failure_of(fs::remove(dir_.path())), StartsWith("unlink " + dir_.path().string()));
}

TEST_F(FsWriteTest, gives_a_file_a_second_name) {
  const auto path = dir_.file("file", "text");
  wait(fs::link(path, at("second")));
  EXPECT_EQ(wait(fs::stat(path)).links, 2u);
  EXPECT_EQ(wait(fs::stat(path)).inode, wait(fs::stat(at("second"))).inode);
}

TEST_F(FsWriteTest, makes_and_reads_links) {
  dir_.file("file", "text");
  wait(fs::symlink("file", at("link")));
  EXPECT_EQ(wait(fs::read_link(at("link"))), "file");
  EXPECT_EQ(content(at("link")), "text");
  EXPECT_THAT(failure_of(fs::read_link(at("file"))), HasSubstr("EINVAL"));
}

TEST_F(FsWriteTest, lstat_tells_a_link) {
  wait(fs::symlink("/nowhere", at("link")));
  const fs::Stat stat = wait(fs::lstat(at("link")));
  EXPECT_TRUE(stat.is_link());
  EXPECT_EQ(stat.type(), fs::FileType::link);
  EXPECT_EQ(stat.size, 8u);
}

TEST_F(FsWriteTest, finds_the_real_path) {
  const auto path = dir_.file("file", "");
  wait(fs::symlink("file", at("link")));
  EXPECT_EQ(wait(fs::real_path(dir_.path() / "." / "link")), std::filesystem::canonical(path));
  EXPECT_EQ(failure_of(fs::real_path("/nowhere")),
            "realpath /nowhere: ENOENT: no such file or directory");
}

TEST_F(FsWriteTest, changes_the_mode) {
  const auto path = dir_.file("file", "");
  wait(fs::chmod(path, 0640));
  EXPECT_EQ(wait(fs::stat(path)).mode & 0777, 0640u);
}

TEST_F(FsWriteTest, changes_the_owner) {
  const auto path = dir_.file("file", "");
  wait(fs::symlink("file", at("link")));
  wait(fs::chown(path, ::getuid(), ::getgid()));
  wait(fs::chown(path, ~0u, ~0u));
  wait(fs::lchown(at("link"), ::getuid(), ::getgid()));
  EXPECT_EQ(wait(fs::stat(path)).user, ::getuid());
  EXPECT_EQ(wait(fs::stat(path)).group, ::getgid());
  EXPECT_EQ(failure_of(fs::chown("/nowhere", ~0u, ~0u)),
            "chown /nowhere: ENOENT: no such file or directory");
}

TEST_F(FsWriteTest, changes_the_times) {
  using namespace std::chrono_literals;
  const auto path = dir_.file("file", "");
  const fs::Time accessed(1'000'000'000'250ms), modified(-1250ms);
  wait(fs::utimes(path, accessed, modified));
  EXPECT_EQ(wait(fs::stat(path)).accessed, accessed);
  EXPECT_EQ(wait(fs::stat(path)).modified, modified);
}

TEST_F(FsWriteTest, changes_the_times_of_a_link) {
  const auto path = dir_.file("file", "");
  wait(fs::symlink("file", at("link")));
  const fs::Time time(std::chrono::seconds(1'000'000'000));
  wait(fs::lutimes(at("link"), time, time));
  EXPECT_EQ(wait(fs::lstat(at("link"))).modified, time);
  EXPECT_NE(wait(fs::stat(path)).modified, time);
}

TEST_F(FsWriteTest, tells_whether_a_path_may_be_accessed) {
  using fs::Access;
  const auto path = dir_.file("file", "");
  wait(fs::access(path));
  wait(fs::access(path, Access::read | Access::write));
  EXPECT_EQ(failure_of(fs::access(path, Access::execute)),
            "access " + path.string() + ": EACCES: permission denied");
  EXPECT_EQ(failure_of(fs::access("/nowhere")),
            "access /nowhere: ENOENT: no such file or directory");
}

TEST_F(FsWriteTest, tells_of_the_file_system) {
  const fs::FileSystem system = wait(fs::statfs(dir_.path()));
  EXPECT_GT(system.block_size, 0u);
  EXPECT_GE(system.blocks, system.free_blocks);
}

TEST_F(FsWriteTest, makes_a_temporary_file_that_nobody_else_may_read) {
  const fs::Path path = wait(fs::make_temp_file(at("x-")));
  EXPECT_THAT(path.string(), StartsWith(at("x-").string()));
  EXPECT_EQ(wait(fs::stat(path)).mode, unsigned{S_IFREG | 0600});
  EXPECT_EQ(failure_of(fs::make_temp_file("/nowhere/x")),
            "mkstemp /nowhere/xXXXXXX: ENOENT: no such file or directory");
}

TEST_F(FsWriteTest, paths_that_the_system_would_read_differently_are_refused) {
  const fs::Path bad(std::string("/tmp/a\0b", 8));
  const std::string told = "/tmp/a\\0…: EINVAL: invalid argument";
  EXPECT_EQ(failure_of(fs::write_file(bad, "")), "write_file " + told);
  EXPECT_EQ(failure_of(fs::rename(bad, "/tmp/b")), "rename " + told);
  EXPECT_EQ(failure_of(fs::rename("/tmp/b", bad)), "rename " + told);
  EXPECT_EQ(failure_of(fs::copy_file("/tmp/b", bad)), "copy_file " + told);
  EXPECT_EQ(failure_of(fs::symlink("/tmp/b", bad)), "symlink " + told);
  EXPECT_EQ(failure_of(fs::remove_all(bad)), "remove_all " + told);
  EXPECT_EQ(failure_of(fs::make_dirs(bad)), "make_dirs " + told);
}

TEST_F(FsWriteTest, paths_that_are_too_long_are_refused) {
  const fs::Path longest(std::string(4096, '/'));
  EXPECT_EQ(failure_of(fs::stat(longest)),
            "stat " + std::string(128, '/') + "…: ENAMETOOLONG: name too long");
  EXPECT_TRUE(wait(fs::stat(std::string(4095, '/'))).is_directory());
  EXPECT_THAT(failure_of(fs::link("/tmp/b", longest)), StartsWith("link /"));
}

TEST_F(FsWriteTest, every_callback_form_does_what_its_promise_form_does) {
  std::vector<std::string> done;
  const auto note = [&](std::string name) {
    return [&done, name](auto result) { done.push_back(result ? name : result.error().what()); };
  };
  fs::write_file(at("a"), "text", note("write_file"));
  loop().run();
  fs::append_file(at("a"), "text", note("append_file"));
  loop().run();
  fs::copy_file(at("a"), at("b"), note("copy_file"));
  loop().run();
  fs::make_dirs(at("d/e"), note("make_dirs"));
  loop().run();
  fs::make_dir(at("d/f"), note("make_dir"));
  loop().run();
  fs::remove_all(at("d"), note("remove_all"));
  loop().run();
  EXPECT_THAT(done, ElementsAre("write_file", "append_file", "copy_file", "make_dirs", "make_dir",
                                "remove_all"));
}

TEST_F(FsWriteTest, an_operation_of_many_calls_is_one_request) {
  std::string seen;
  AsyncHook hook({.init =
                      [&](const ResourceInfo& made) {
                        if (auto* details = made.details.as<fs::Details>()) {
                          seen += fmt::format("{} {} ", made.type, details->operation);
                        }
                      },
                  .track_promises = false});
  hook.enable();
  wait(fs::make_dirs(at("a/b/c/d")));
  wait(fs::remove_all(at("a")));
  EXPECT_EQ(seen, "FSREQCALLBACK make_dirs FSREQCALLBACK remove_all ");
}

}  // namespace
}  // namespace contrail
