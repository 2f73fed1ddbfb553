#include "contrail/file.h"

#include <fcntl.h>

#include <array>
#include <fstream>
#include <sstream>

#include "contrail/async_local_storage.h"
#include "support/lives.h"
#include "support/meddler.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr OpenOptions new_file{.write = true, .create = true, .truncate = true};

class FileTest : public TcpTest {
 protected:
  static std::string content(const fs::Path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }
  File open(const fs::Path& path, OpenOptions options = {}) {
    return wait(File::open(path, options));
  }
  File with_text() { return open(dir_.file("file", "0123456789"), {.write = true}); }
  fs::Path path() const { return dir_.path() / "file"; }

  void TearDown() override {
    if (has_loop()) loop().run();  // What a test has let go of closes on the pool.
    TcpTest::TearDown();
  }

  TempDir dir_;
};

TEST_F(FileTest, reads_on_where_it_stopped) {
  File file = with_text();
  EXPECT_EQ(wait(file.read(4)), "0123");
  EXPECT_EQ(wait(file.read(100)), "456789");
  EXPECT_EQ(wait(file.read(100)), "");
}

TEST_F(FileTest, reads_at_a_position) {
  File file = with_text();
  EXPECT_EQ(wait(file.read_at(8, 100)), "89");
  EXPECT_EQ(wait(file.read_at(0, 1)), "0");
  EXPECT_EQ(wait(file.read_at(100, 1)), "");
}

TEST_F(FileTest, reads_into_a_buffer) {
  File file = with_text();
  std::array<std::byte, 4> buffer;
  EXPECT_EQ(wait(file.read(buffer)), 4u);
  EXPECT_EQ(wait(file.read_at(9, buffer)), 1u);
  EXPECT_EQ(as_text(buffer), "9123");
}

TEST_F(FileTest, writes_on_where_it_stopped) {
  File file = open(path(), new_file);
  wait(file.write("one "));
  wait(file.write("two"));
  EXPECT_EQ(content(path()), "one two");
}

TEST_F(FileTest, writes_at_a_position) {
  File file = with_text();
  wait(file.write_at(2, "ab"));
  EXPECT_EQ(content(path()), "01ab456789");
}

TEST_F(FileTest, writes_parts_as_one) {
  File file = open(path(), new_file);
  std::vector<std::string> parts(3000, "ab");
  parts[7].clear();
  wait(file.writev(parts));
  EXPECT_EQ(content(path()).size(), 2u * 2999);
  wait(file.writev_at(1, {"", "x", "y", ""}));
  EXPECT_EQ(content(path()).substr(0, 4), "axyb");
  wait(file.writev({}));
}

TEST_F(FileTest, appends_wherever_it_stands) {
  File file = open(dir_.file("file", "text"), {.append = true});
  wait(file.write_at(0, " and more"));
  EXPECT_EQ(content(path()), "text and more");
}

TEST_F(FileTest, tells_and_changes_its_size) {
  File file = with_text();
  wait(file.truncate(3));
  EXPECT_EQ(wait(file.stat()).size, 3u);
}

TEST_F(FileTest, brings_what_was_written_to_the_disk) {
  File file = open(path(), new_file);
  wait(file.write("text"));
  wait(file.datasync());
  wait(file.sync());
  EXPECT_EQ(content(path()), "text");
}

TEST_F(FileTest, makes_a_file_only_if_told_to) {
  EXPECT_EQ(failure_of(File::open(path(), {.write = true})),
            "open " + path().string() + ": ENOENT: no such file or directory");
  open(path(), {.write = true, .create = true, .exclusive = true, .mode = 0600});
  EXPECT_EQ(wait(fs::stat(path())).mode & 0777, 0600u);
  EXPECT_EQ(failure_of(File::open(path(), {.write = true, .create = true, .exclusive = true})),
            "open " + path().string() + ": EEXIST: file already exists");
  EXPECT_THAT(failure_of(File::open(path(), {.exclusive = true})), StartsWith("open"));
}

TEST_F(FileTest, says_which_call_failed_on_what) {
  File file = open(dir_.file("file", ""));
  EXPECT_EQ(failure_of(file.write("text")),
            "write " + path().string() + ": EBADF: bad file descriptor");
  File full = open("/dev/full", {.write = true});
  EXPECT_EQ(failure_of(full.writev({"a", "b"})),
            "write /dev/full: ENOSPC: no space left on device");
}

TEST_F(FileTest, refuses_positions_and_sizes_that_no_file_can_have) {
  File file = with_text();
  const std::uint64_t last = std::numeric_limits<off_t>::max();
  const std::string refused = path().string() + ": EINVAL: invalid argument";
  EXPECT_EQ(failure_of(file.read_at(last, 1)), "read " + refused);
  EXPECT_EQ(failure_of(file.read_at(~std::uint64_t{0}, 1)), "read " + refused);
  EXPECT_EQ(failure_of(file.read(~std::size_t{0})), "read " + refused);
  EXPECT_EQ(failure_of(file.write_at(last, "x")), "write " + refused);
  EXPECT_EQ(failure_of(file.truncate(last + 1)), "ftruncate " + refused);
  EXPECT_EQ(wait(file.read_at(last, 0)), "");
}

TEST_F(FileTest, refuses_paths_with_a_nul_in_them) {
  EXPECT_EQ(failure_of(File::open(std::string("/etc/passwd\0x", 13))),
            "open /etc/passwd\\0…: EINVAL: invalid argument");
}

TEST_F(FileTest, every_callback_form_does_what_its_promise_form_does) {
  std::string seen;
  File file;
  File::open(path(), new_file, [&](Result<File> opened) { file = *std::move(opened); });
  loop().run();
  file.write("text", [&](Result<void> done) { done.value(), seen += "write "; });
  loop().run();
  file.read_at(0, 2, [&](Result<std::string> text) { seen += *text + " "; });
  loop().run();
  file.sync([&](Result<void> done) { done.value(), seen += "sync "; });
  file.close([&](Result<void> done) { done.value(), seen += "close"; });
  loop().run();
  EXPECT_EQ(seen, "write te sync close");
}

// --- closing ------------------------------------------------------------------------------------

TEST_F(FileTest, closes_when_told_to) {
  File file = with_text();
  const int descriptor = file.descriptor();
  wait(file.close());
  EXPECT_FALSE(is_open(descriptor));
  EXPECT_FALSE(file.is_open());
  EXPECT_EQ(file.descriptor(), -1);
}

TEST_F(FileTest, may_be_closed_twice) {
  File file = with_text();
  Promise<void> first = file.close();
  wait(file.close());
  wait(first);
  wait(file.close());
}

TEST_F(FileTest, does_nothing_more_once_it_is_being_closed) {
  File file = with_text();
  Promise<void> closing = file.close();
  EXPECT_EQ(failure_of(file.read(1)), "read " + path().string() + ": EBADF: bad file descriptor");
  wait(closing);
  EXPECT_EQ(failure_of(file.stat()), "stat " + path().string() + ": EBADF: bad file descriptor");
}

TEST_F(FileTest, finishes_what_is_in_flight_before_it_closes) {
  File file = with_text();
  std::vector<Promise<std::string>> reads;
  for (int i = 0; i < 20; ++i) reads.push_back(file.read_at(0, 10));
  wait(file.close());
  for (auto& read : reads) EXPECT_EQ(wait(read), "0123456789");
}

TEST_F(FileTest, closes_at_the_end_of_its_scope) {
  int descriptor;
  {
    File file = with_text();
    descriptor = file.descriptor();
    EXPECT_TRUE(is_open(descriptor));
  }
  loop().run();
  EXPECT_FALSE(is_open(descriptor));
}

TEST_F(FileTest, cancels_what_is_in_flight_at_the_end_of_its_scope) {
  std::vector<std::string> told;
  {
    auto buffer = std::make_unique<std::array<std::byte, 10>>();
    File file = with_text();
    for (int i = 0; i < 20; ++i) {
      file.read_at(0, *buffer, [&](auto result) { told.emplace_back(result.error().name()); });
    }
    file.write("x", [&](auto result) { told.emplace_back(result.error().name()); });
  }
  loop().run();
  EXPECT_EQ(told, std::vector<std::string>(21, "ECANCELED"));
}

TEST_F(FileTest, may_be_destroyed_inside_its_own_callback) {
  auto file = std::make_unique<File>(with_text());
  std::string text;
  file->read(4, [&](Result<std::string> result) {
    file.reset();
    text = *result;
  });
  loop().run();
  EXPECT_EQ(text, "0123");
  file = std::make_unique<File>(with_text());
  file->close([&](Result<void>) { file.reset(); });
  loop().run();
  EXPECT_EQ(file, nullptr);
}

TEST_F(FileTest, a_close_that_fails_at_the_end_of_its_scope_is_not_lost) {
  catch_uncaught();
  {
    File file = with_text();
    ::close(file.descriptor());
  }
  loop().run();
  EXPECT_EQ(uncaught, "close " + path().string() + ": EBADF: bad file descriptor");
}

TEST_F(FileTest, may_be_moved_while_it_reads) {
  File file = with_text();
  auto reading = file.read(4);
  File moved = std::move(file);
  EXPECT_FALSE(file);
  EXPECT_EQ(wait(reading), "0123");
  moved = with_text();
  EXPECT_EQ(wait(moved.read(2)), "01");
}

TEST_F(FileTest, is_closed_by_its_loop) {
  File file = with_text();
  const int descriptor = file.descriptor();
  destroy_loop();
  EXPECT_FALSE(is_open(descriptor));
  EXPECT_FALSE(file.is_open());
}

TEST_F(FileTest, is_closed_by_its_loop_whatever_is_in_flight) {
  File kept = with_text();
  File closing = with_text();
  File captured = with_text();
  auto dropped = std::make_unique<File>(with_text());
  const std::array all{kept.descriptor(), closing.descriptor(), dropped->descriptor()};
  kept.read(4, [](auto) { ADD_FAILURE() << "called"; });
  closing.read(4, [](auto) { ADD_FAILURE() << "called"; });
  closing.close([file = std::move(captured)](auto) { ADD_FAILURE() << "called"; });
  dropped->read(4).detach();
  dropped.reset();
  File::open(path(), {}, [](auto) { ADD_FAILURE() << "called"; });
  destroy_loop();
  for (int descriptor : all) EXPECT_FALSE(is_open(descriptor));
}

using FileDeathTest = FileTest;

TEST_F(FileDeathTest, a_moved_from_file_says_so) {
  File file;
  EXPECT_DEATH(file.read(1).detach(), "File.*moved");
}

// --- what hooks see -----------------------------------------------------------------------------

TEST_F(FileTest, is_a_handle_that_nobody_made_and_is_closed_by_a_request) {
  Lives lives({"FILEHANDLE", "FILEHANDLECLOSEREQ", "FSREQCALLBACK"});
  dir_.file("file", "text");
  File file;
  File::open(path(), {}, [&](Result<File> opened) {
    file = *std::move(opened);
    file.read(4, [&](auto) { file.close(ignore); });
  });
  loop().run();
  EXPECT_THAT(lives.graph(), ElementsAre("FSREQCALLBACK:1 by root", "FILEHANDLE:1 by nobody",
                                         "FSREQCALLBACK:2 by FSREQCALLBACK:1",
                                         "FILEHANDLECLOSEREQ:1 by FSREQCALLBACK:2"));
  EXPECT_EQ(lives.of("FILEHANDLE"), "1/0/0/1");
  EXPECT_EQ(lives.of("FILEHANDLECLOSEREQ"), "1/1/1/1");
  EXPECT_EQ(lives.id("FILEHANDLE"), file.async_id());
}

TEST_F(FileTest, calls_back_where_it_was_called) {
  AsyncLocalStorage<std::string> storage;
  File file = with_text();
  std::vector<std::string> seen;
  const auto note = [&](auto) { seen.push_back(*storage.get_store()); };
  storage.run("read", [&] { file.read(1, note); });
  loop().run();
  storage.run("close", [&] { file.close(note); });
  loop().run();
  EXPECT_THAT(seen, ElementsAre("read", "close"));
}

// --- piece by piece -----------------------------------------------------------------------------

class FileStreamsTest : public FileTest {
 protected:
  std::vector<std::string> read_all(FileReader reader) {
    std::vector<std::string> pieces;
    for (;;) {
      pieces.push_back(wait(reader.read()));
      if (pieces.back().empty()) return pieces;
    }
  }
};

TEST_F(FileStreamsTest, a_reader_reads_piece_by_piece) {
  EXPECT_THAT(read_all(FileReader(with_text(), {.chunk = 4})),
              ElementsAre("0123", "4567", "89", ""));
  EXPECT_THAT(read_all(FileReader(with_text())), ElementsAre("0123456789", ""));
}

TEST_F(FileStreamsTest, a_reader_reads_a_part) {
  EXPECT_THAT(read_all(FileReader(with_text(), {.start = 2, .end = 7, .chunk = 3})),
              ElementsAre("234", "56", ""));
  EXPECT_THAT(read_all(FileReader(with_text(), {.start = 7, .end = 2})), ElementsAre(""));
}

TEST_F(FileStreamsTest, a_reader_reads_one_piece_at_a_time) {
  FileReader reader(with_text());
  auto first = reader.read();
  EXPECT_EQ(failure_of(reader.read()), "read: EBUSY: resource busy or locked");
  EXPECT_EQ(wait(first), "0123456789");
}

TEST_F(FileStreamsTest, a_reader_may_go_while_it_reads) {
  auto reader = std::make_unique<FileReader>(with_text());
  auto reading = reader->read();
  reader.reset();
  EXPECT_THAT(failure_of(reading), StartsWith("read " + path().string() + ": ECANCELED"));
}

TEST_F(FileStreamsTest, a_reader_without_a_chunk_is_refused) {
  EXPECT_THROW(FileReader(with_text(), {.chunk = 0}), Error);
}

TEST_F(FileStreamsTest, a_writer_writes_in_order) {
  FileWriter writer(open(path(), new_file));
  std::string all;
  for (int i = 0; i < 200; ++i) {
    all += std::to_string(i);
    writer.write(std::to_string(i)).detach();
  }
  EXPECT_EQ(writer.queue_size(), all.size());
  wait(writer.close());
  EXPECT_EQ(writer.queue_size(), 0u);
  EXPECT_EQ(content(path()), all);
}

TEST_F(FileStreamsTest, a_write_resolves_when_it_is_done) {
  FileWriter writer(open(path(), new_file));
  wait(writer.write("text"));
  EXPECT_EQ(content(path()), "text");
  EXPECT_EQ(writer.queue_size(), 0u);
}

TEST_F(FileStreamsTest, a_writer_that_failed_goes_on_failing) {
  FileWriter writer(open("/dev/full", {.write = true}));
  const std::string told = "write /dev/full: ENOSPC: no space left on device";
  auto first = writer.write("a");
  auto second = writer.write("b");
  auto closed = writer.close();
  EXPECT_EQ(failure_of(first), told);
  EXPECT_EQ(failure_of(second), told);
  EXPECT_EQ(failure_of(closed), told);
  EXPECT_EQ(failure_of(writer.write("c")), "write: EBADF: bad file descriptor");
}

TEST_F(FileStreamsTest, a_writer_that_goes_cancels_what_it_has_not_written) {
  auto writer = std::make_unique<FileWriter>(open(path(), new_file));
  auto first = writer->write("a");
  auto second = writer->write("b");
  writer.reset();
  EXPECT_THAT(failure_of(first), StartsWith("write: ECANCELED"));
  EXPECT_THAT(failure_of(second), StartsWith("write: ECANCELED"));
}

class CancelledWrites : public FileStreamsTest {
 protected:
  CancelledWrites() : writer_(std::make_unique<FileWriter>(open(path(), new_file))) {}

  void write(const char* text) {
    writer_->write(text, source_.get_token())
        .then([this] { told_.emplace_back("written"); },
              [this](std::exception_ptr) { told_.emplace_back("cancelled"); })
        .detach();
  }

  std::unique_ptr<FileWriter> writer_;
  std::stop_source source_;
  std::vector<std::string> told_;
};

TEST_F(CancelledWrites, are_told_once_if_a_hook_cancels_them_as_the_writer_goes) {
  for (const char* text : {"a", "b", "c"}) write(text);
  const auto meddler = Meddler::in_promise_resolve([&] { source_.request_stop(); });
  writer_.reset();
  loop().run();
  EXPECT_THAT(told_, ElementsAre("cancelled", "cancelled", "cancelled"));
}

TEST_F(CancelledWrites, do_not_include_one_that_is_done_as_a_hook_hears_of_the_next) {
  for (const char* text : {"a", "b", "c"}) write(text);
  const auto meddler = Meddler::in_init_of("FSREQCALLBACK", [&] { source_.request_stop(); });
  loop().run();
  EXPECT_THAT(told_, UnorderedElementsAre("written", "cancelled", "cancelled"));
}

TEST_F(CancelledWrites, are_told_once_if_a_hook_cancels_them_as_the_first_is_told) {
  for (const char* text : {"a", "b", "c"}) write(text);
  const auto meddler = Meddler::in_promise_resolve([&] { source_.request_stop(); });
  loop().run();
  EXPECT_THAT(told_, UnorderedElementsAre("written", "cancelled", "cancelled"));
  writer_.reset();
  loop().run();
  EXPECT_EQ(content(path()), "ab") << "the second had begun";
}

}  // namespace
}  // namespace contrail
