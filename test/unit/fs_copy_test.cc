// Copies that are watched: fs::CopyOptions::on_progress.

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "contrail/async_local_storage.h"
#include "contrail/fs.h"
#include "support/lives.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t mebibyte = 1 << 20;

class FsCopyTest : public TcpTest {
 protected:
  fs::Path at(std::string_view name) const { return dir_.path() / name; }
  static std::string content(const fs::Path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  /// A file whose every part is different.
  fs::Path file_of(std::uint64_t size) const {
    std::string text(size, '\0');
    for (std::uint64_t at = 0; at < size; ++at) text[at] = static_cast<char>(at * 31 + (at >> 12));
    return dir_.file("from", text);
  }
  fs::CopyOptions watched() {
    fs::CopyOptions options;
    options.on_progress = [this](fs::CopyProgress now) {
      done.push_back(now.done);
      totals.push_back(now.total);
    };
    return options;
  }

  std::vector<std::uint64_t> done;
  std::vector<std::uint64_t> totals;
  TempDir dir_;
};

TEST_F(FsCopyTest, tells_how_far_it_is) {
  const auto from = file_of(2 * mebibyte + 7);
  wait(fs::copy_file(from, at("to"), watched()));
  EXPECT_THAT(done, ElementsAre(mebibyte, 2 * mebibyte, 2 * mebibyte + 7));
  EXPECT_THAT(totals, ::testing::Each(2 * mebibyte + 7));
  EXPECT_TRUE(content(at("to")) == content(from));
}

TEST_F(FsCopyTest, tells_the_end_of_an_empty_file_too) {
  wait(fs::copy_file(file_of(0), at("to"), watched()));
  EXPECT_THAT(done, ElementsAre(0u));
  EXPECT_EQ(content(at("to")), "");
}

TEST_F(FsCopyTest, replaces_what_was_longer_and_copies_permissions) {
  const auto from = file_of(10);
  dir_.file("to", std::string(1000, 'x'));
  std::filesystem::permissions(from, std::filesystem::perms::owner_read);
  wait(fs::copy_file(from, at("to"), watched()));
  EXPECT_EQ(content(at("to")), content(from));
  EXPECT_EQ(wait(fs::stat(at("to"))).mode & 0777u, 0400u);
}

TEST_F(FsCopyTest, leaves_a_file_alone_that_is_copied_to_itself) {
  const auto from = file_of(10);
  const std::string before = content(from);
  wait(fs::copy_file(from, from, watched()));
  EXPECT_EQ(content(from), before);
  EXPECT_THAT(done, ElementsAre(10u));
}

TEST_F(FsCopyTest, fails_as_one_that_is_not_watched) {
  auto options = watched();
  options.exclusive = true;
  const auto from = file_of(10);
  const auto to = dir_.file("to", "here already");
  const std::string both = from.string() + " -> " + to.string();
  EXPECT_EQ(failure_of(fs::copy_file(from, to, std::move(options))),
            "copyfile " + both + ": EEXIST: file already exists");
  EXPECT_EQ(content(to), "here already");
  EXPECT_EQ(failure_of(fs::copy_file("/nowhere", to, watched())),
            "copyfile /nowhere -> " + to.string() + ": ENOENT: no such file or directory");
  EXPECT_THAT(done, IsEmpty());
}

TEST_F(FsCopyTest, leaves_nothing_of_a_copy_that_failed) {
  std::filesystem::create_directory(at("from"));
  bool existed = true;
  fs::copy_file(at("from"), at("to"), watched(), [&](Result<void> result) {
    EXPECT_EQ(result.error().name(), "EISDIR");
    existed = std::filesystem::exists(at("to"));
  });
  loop().run();
  EXPECT_FALSE(existed);
}

TEST_F(FsCopyTest, is_one_request_that_runs_for_each_piece_in_the_callers_context) {
  const auto from = file_of(mebibyte + 1);
  Lives lives{"FSREQCALLBACK"};
  AsyncLocalStorage<std::string> storage;
  std::vector<std::string> seen;
  const auto see = [&](auto) { seen.push_back(*storage.get_store()); };
  fs::CopyOptions options;
  options.on_progress = see;
  storage.run("caller", [&] { fs::copy_file(from, at("to"), std::move(options), see); });
  loop().run();
  EXPECT_THAT(seen, ElementsAre("caller", "caller", "caller"));
  EXPECT_EQ(lives.of("FSREQCALLBACK"), "1/3/3/1");
  EXPECT_EQ(lives.count("FSREQCALLBACK"), 1u);
}

TEST_F(FsCopyTest, goes_on_when_the_watcher_throws) {
  catch_uncaught();
  fs::CopyOptions options;
  options.on_progress = [](fs::CopyProgress) { throw std::runtime_error("watcher"); };
  const auto from = file_of(mebibyte + 1);
  wait(fs::copy_file(from, at("to"), std::move(options)));
  EXPECT_EQ(uncaught, "watcher, watcher");
  EXPECT_TRUE(content(at("to")) == content(from));
}

TEST_F(FsCopyTest, leaves_nothing_when_its_loop_goes) {
  const auto from = file_of(8 * mebibyte);
  fs::copy_file(from, at("to"), watched(), [](Result<void>) { FAIL(); });
  run_until([&] { return !done.empty(); });
  destroy_loop();
  EXPECT_FALSE(std::filesystem::exists(at("to")));
}

TEST_F(FsCopyTest, clones_if_the_file_system_can) {
  auto options = watched();
  options.clone = fs::CopyOptions::Clone::if_possible;
  const auto from = file_of(10);
  wait(fs::copy_file(from, at("to"), std::move(options)));
  EXPECT_THAT(done, ElementsAre(10u));
  EXPECT_EQ(content(at("to")), content(from));
}

}  // namespace
}  // namespace contrail
