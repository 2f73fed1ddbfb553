// What fs.h does with directories.

#include <sys/stat.h>
#include <unistd.h>

#include "contrail/fs.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class FsDirectoriesTest : public TcpTest {
 protected:
  fs::Path at(std::string_view name) const { return dir_.path() / name; }
  static bool exists(const fs::Path& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
  }
  std::vector<std::string> names(const fs::Path& path) {
    std::vector<std::string> all;
    for (const fs::DirEntry& entry : wait(fs::read_dir(path))) all.push_back(entry.name);
    return all;
  }

  TempDir dir_;
};

TEST_F(FsDirectoriesTest, lists_its_entries_sorted) {
  for (const char* name : {"b", "a", "C", ".hidden"}) dir_.file(name, "");
  EXPECT_THAT(names(dir_.path()), ElementsAre(".hidden", "C", "a", "b"));
}

TEST_F(FsDirectoriesTest, lists_what_they_are) {
  dir_.file("file", "");
  std::filesystem::create_directory(at("directory"));
  std::filesystem::create_symlink("/nowhere", at("link"));
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  const auto entries = wait(fs::read_dir(dir_.path()));
  EXPECT_TRUE(entries.at(0).is_directory());
  EXPECT_TRUE(entries.at(1).is_file());
  EXPECT_TRUE(entries.at(2).is_link());
  EXPECT_EQ(entries.at(3).type, fs::FileType::fifo);
}

TEST_F(FsDirectoriesTest, lists_an_empty_one) { EXPECT_THAT(names(dir_.path()), IsEmpty()); }

TEST_F(FsDirectoriesTest, cannot_list_what_is_no_directory) {
  const auto path = dir_.file("file", "");
  EXPECT_EQ(failure_of(fs::read_dir(path)),
            "opendir " + path.string() + ": ENOTDIR: not a directory");
}

TEST_F(FsDirectoriesTest, makes_one) {
  wait(fs::make_dir(at("new"), 0700));
  EXPECT_EQ(wait(fs::stat(at("new"))).mode & 0777, 0700u);
  EXPECT_EQ(failure_of(fs::make_dir(at("new"))),
            "mkdir " + at("new").string() + ": EEXIST: file already exists");
}

TEST_F(FsDirectoriesTest, makes_all_that_are_missing) {
  wait(fs::make_dirs(at("a/b//c/")));
  wait(fs::make_dirs(at("a/b/d/../e")));
  EXPECT_THAT(names(at("a/b")), ElementsAre("c", "d", "e"));
}

TEST_F(FsDirectoriesTest, is_content_with_those_that_exist) {
  wait(fs::make_dirs(dir_.path()));
  wait(fs::make_dirs("/"));
  std::filesystem::create_directory_symlink(dir_.path(), at("link"));
  wait(fs::make_dirs(at("link/a")));
  EXPECT_THAT(names(dir_.path()), ElementsAre("a", "link"));
}

TEST_F(FsDirectoriesTest, says_which_one_could_not_be_made) {
  const auto file = dir_.file("file", "");
  EXPECT_EQ(failure_of(fs::make_dirs(file / "b" / "c")),
            "mkdir " + file.string() + ": ENOTDIR: not a directory");
  EXPECT_EQ(failure_of(fs::make_dirs(file)),
            "mkdir " + file.string() + ": EEXIST: file already exists");
  EXPECT_EQ(failure_of(fs::make_dirs("/proc/a/b")),
            "mkdir /proc/a: ENOENT: no such file or directory");
  EXPECT_EQ(failure_of(fs::make_dirs("")), "mkdir: ENOENT: no such file or directory");
}

TEST_F(FsDirectoriesTest, removes_an_empty_one) {
  wait(fs::make_dirs(at("a/b")));
  EXPECT_EQ(failure_of(fs::remove_dir(at("a"))),
            "rmdir " + at("a").string() + ": ENOTEMPTY: directory not empty");
  wait(fs::remove_dir(at("a/b")));
  EXPECT_THAT(names(at("a")), IsEmpty());
}

TEST_F(FsDirectoriesTest, removes_a_tree) {
  wait(fs::make_dirs(at("tree/a/b/c")));
  wait(fs::make_dirs(at("tree/d")));
  dir_.file("tree/file", "");
  for (int i = 0; i < 100; ++i) dir_.file(fmt::format("tree/a/b/{}", i), "");
  wait(fs::remove_all(at("tree")));
  EXPECT_THAT(names(dir_.path()), IsEmpty());
}

TEST_F(FsDirectoriesTest, removes_a_file_as_a_tree) {
  wait(fs::remove_all(dir_.file("file", "")));
  EXPECT_THAT(names(dir_.path()), IsEmpty());
}

TEST_F(FsDirectoriesTest, does_not_follow_links_when_it_removes_a_tree) {
  wait(fs::make_dirs(at("tree")));
  dir_.file("kept", "");
  std::filesystem::create_directory_symlink(dir_.path(), at("tree/link"));
  wait(fs::remove_all(at("tree")));
  EXPECT_THAT(names(dir_.path()), ElementsAre("kept"));
  std::filesystem::create_directory_symlink(dir_.path(), at("link"));
  wait(fs::remove_all(at("link")));
  EXPECT_THAT(names(dir_.path()), ElementsAre("kept"));
}

TEST_F(FsDirectoriesTest, fails_to_remove_a_tree_that_is_not_there) {
  EXPECT_EQ(failure_of(fs::remove_all(at("tree"))),
            "unlink " + at("tree").string() + ": ENOENT: no such file or directory");
}

TEST_F(FsDirectoriesTest, says_what_of_a_tree_could_not_be_removed) {
  EXPECT_THAT(failure_of(fs::remove_all("/proc/self/fdinfo")),
              StartsWith("unlink /proc/self/fdinfo/"));
}

TEST_F(FsDirectoriesTest, removes_a_tree_that_is_deeper_than_a_path_is_long) {
  const fs::Path name(std::string(200, 'd'));
  const fs::Path before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  for (int depth = 0; depth < 100; ++depth) {
    std::filesystem::create_directory(name);
    std::filesystem::current_path(name);
  }
  std::filesystem::current_path(before);
  wait(fs::remove_all(dir_.path() / name));
  EXPECT_THAT(names(dir_.path()), IsEmpty());
}

TEST_F(FsDirectoriesTest, makes_a_temporary_one) {
  const fs::Path path = wait(fs::make_temp_dir(at("x-")));
  EXPECT_THAT(path.string(), StartsWith(at("x-").string()));
  EXPECT_EQ(wait(fs::stat(path)).mode & 07777, 0700u);
  EXPECT_NE(wait(fs::make_temp_dir(at("x-"))), path);
  EXPECT_EQ(failure_of(fs::make_temp_dir("/nowhere/x")),
            "mkdtemp /nowhere/xXXXXXX: ENOENT: no such file or directory");
}

}  // namespace
}  // namespace contrail
