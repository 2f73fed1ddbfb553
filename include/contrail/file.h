#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/fs.h"
#include "contrail/promise.h"
#include "contrail/result.h"

namespace contrail::inline v0 {

/// What a File is opened for. `{.write = true, .create = true, .truncate = true}` is Node's "w+".
struct OpenOptions {
  bool read = true;
  bool write = false;
  bool append = false;     ///< Every write goes to the end, wherever it says it does.
  bool create = false;     ///< Unless it exists.
  bool exclusive = false;  ///< With create: fails with EEXIST if it exists.
  bool truncate = false;   ///< To nothing.
  fs::Mode mode = 0666;    ///< Of a file that is made.
};

/// An open file: Node's FileHandle.
///
/// Every operation comes twice, as a Promise and with a callback last. A stop token cancels it
/// while it waits for a thread of the pool; one that has begun goes on, and what it reads is lost.
/// Those that name no position go on where the one before ended: wait for that one first, or their
/// order is the pool's. A size or a position beyond what a file can have fails with EINVAL.
///
/// A File closes when it goes out of scope: on the pool, once the operations in flight are done,
/// which then fail with ECANCELED, whatever they did. Should that close fail, the loop's handler of
/// uncaught exceptions is told; await close() to hear of it yourself. An open File alone does not
/// keep the loop running, and one that outlives its Loop is closed by then.
///
/// Hooks see a FILEHANDLE that nobody made, without a context, as in Node; a FSREQCALLBACK for each
/// operation, and a FILEHANDLECLOSEREQ for the close; those are triggered by the code that runs.
///
///     File file = co_await File::open("/etc/hosts");
///     std::string start = co_await file.read(64);
class CONTRAIL_API File {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    fs::Path path;
  };

  static Promise<File> open(const fs::Path& path, OpenOptions options = {},
                            std::stop_token stop = {}, CreationSite site = CreationSite::current());
  static void open(const fs::Path& path, OpenOptions options, Callback<File> fn,
                   CreationSite site = CreationSite::current());

  File() noexcept = default;  ///< None: a place for one.

  /// The next bytes, at most size_max; empty at the end of the file.
  Promise<std::string> read(std::size_t size_max, std::stop_token stop = {},
                            CreationSite site = CreationSite::current());
  void read(std::size_t size_max, Callback<std::string> fn,
            CreationSite site = CreationSite::current());
  Promise<std::string> read_at(std::uint64_t position, std::size_t size_max,
                               std::stop_token stop = {},
                               CreationSite site = CreationSite::current());
  void read_at(std::uint64_t position, std::size_t size_max, Callback<std::string> fn,
               CreationSite site = CreationSite::current());

  /// The same, into buffer, which must live until then, or until the File is destroyed: what has
  /// begun is waited for, whatever a stop token says. How many they were; 0 at the end.
  Promise<std::size_t> read(std::span<std::byte> buffer, std::stop_token stop = {},
                            CreationSite site = CreationSite::current());
  void read(std::span<std::byte> buffer, Callback<std::size_t> fn,
            CreationSite site = CreationSite::current());
  Promise<std::size_t> read_at(std::uint64_t position, std::span<std::byte> buffer,
                               std::stop_token stop = {},
                               CreationSite site = CreationSite::current());
  void read_at(std::uint64_t position, std::span<std::byte> buffer, Callback<std::size_t> fn,
               CreationSite site = CreationSite::current());

  /// All of data, or an error.
  Promise<void> write(std::string data, std::stop_token stop = {},
                      CreationSite site = CreationSite::current());
  void write(std::string data, Callback<void> fn, CreationSite site = CreationSite::current());
  Promise<void> write_at(std::uint64_t position, std::string data, std::stop_token stop = {},
                         CreationSite site = CreationSite::current());
  void write_at(std::uint64_t position, std::string data, Callback<void> fn,
                CreationSite site = CreationSite::current());

  /// All of the parts, one after the other, with as few system calls as it takes.
  Promise<void> writev(std::vector<std::string> parts, std::stop_token stop = {},
                       CreationSite site = CreationSite::current());
  void writev(std::vector<std::string> parts, Callback<void> fn,
              CreationSite site = CreationSite::current());
  Promise<void> writev_at(std::uint64_t position, std::vector<std::string> parts,
                          std::stop_token stop = {}, CreationSite site = CreationSite::current());
  void writev_at(std::uint64_t position, std::vector<std::string> parts, Callback<void> fn,
                 CreationSite site = CreationSite::current());

  Promise<fs::Stat> stat(std::stop_token stop = {}, CreationSite site = CreationSite::current());
  void stat(Callback<fs::Stat> fn, CreationSite site = CreationSite::current());
  /// Cuts the file off at size, or fills it up with zeros.
  Promise<void> truncate(std::uint64_t size, std::stop_token stop = {},
                         CreationSite site = CreationSite::current());
  void truncate(std::uint64_t size, Callback<void> fn, CreationSite site = CreationSite::current());
  /// Done when all that was written is on the disk.
  Promise<void> sync(std::stop_token stop = {}, CreationSite site = CreationSite::current());
  void sync(Callback<void> fn, CreationSite site = CreationSite::current());
  /// The same without what is not needed to read it again, such as its times.
  Promise<void> datasync(std::stop_token stop = {}, CreationSite site = CreationSite::current());
  void datasync(Callback<void> fn, CreationSite site = CreationSite::current());

  /// Waits for the operations in flight, then closes. Operations begun from now on fail with EBADF.
  /// Idempotent: a second one is done when the first is.
  Promise<void> close(CreationSite site = CreationSite::current());
  void close(Callback<void> fn, CreationSite site = CreationSite::current());

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Not closed, nor being closed.
  bool is_open() const noexcept;
  AsyncId async_id() const noexcept;
  /// The system's number, for calls of your own; -1 once it is closed. It remains the File's.
  int descriptor() const noexcept;

  struct State;

 private:
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  explicit File(State* state) noexcept : state_(state) {}
  State& state() const;
  std::unique_ptr<State, CloseState> state_;
};

/// A file, or a part of it, piece by piece. It reads no faster than you ask it to.
///
///     FileReader reader(co_await File::open(path));
///     for (;;) {
///       std::string piece = co_await reader.read();
///       if (piece.empty()) break;
///       use(piece);
///     }
class CONTRAIL_API FileReader {
 public:
  struct Options {
    std::uint64_t start = 0;                ///< The position of the first byte.
    std::optional<std::uint64_t> end = {};  ///< That behind the last one; otherwise the file's end.
    std::size_t chunk = 64 * 1024;          ///< The largest piece, in bytes; at least 1.
  };

  explicit FileReader(File file);
  /// Throws Error (EINVAL) if chunk is 0. The file has to have positions: no pipe, for one.
  FileReader(File file, Options options);
  FileReader(FileReader&&) noexcept;
  FileReader& operator=(FileReader&&) noexcept;
  ~FileReader();

  /// The next piece; empty at the end. One at a time: another one fails with EBUSY.
  Promise<std::string> read(std::stop_token stop = {}, CreationSite site = CreationSite::current());
  Promise<void> close(CreationSite site = CreationSite::current());

 private:
  struct State;
  State& state() const;
  std::shared_ptr<State> state_;
};

/// Writes to where the file stands, piece by piece and in order, one operation at a time.
///
/// A FileWriter that is destroyed writes nothing more: what has not been written by then fails with
/// ECANCELED. Await close().
class CONTRAIL_API FileWriter {
 public:
  explicit FileWriter(File file);
  FileWriter(FileWriter&&) noexcept;
  FileWriter& operator=(FileWriter&&) noexcept;
  ~FileWriter();

  /// Queues data. Resolves when it is written: await it, or watch queue_size(), to apply
  /// back-pressure. After one that failed all others fail in the same way.
  Promise<void> write(std::string data, std::stop_token stop = {},
                      CreationSite site = CreationSite::current());
  /// Bytes that are not written yet.
  std::size_t queue_size() const noexcept;
  /// Writes what is queued, then closes the file. Fails if any write did.
  Promise<void> close(CreationSite site = CreationSite::current());

 private:
  struct State;
  State& state() const;
  std::shared_ptr<State> state_;
};

}  // namespace contrail::inline v0
