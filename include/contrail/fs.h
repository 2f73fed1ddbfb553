#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/result.h"

/// Files and directories. Every operation comes twice: returning a Promise, or taking a callback
/// last. Both are one FSREQCALLBACK, however many system calls it takes; the promise form adds its
/// PROMISE. The work is done on libuv's thread pool, one thread of it per operation.
///
/// An operation that fails says which call failed on which path: "mkdir /a/b: EACCES: …". One that
/// consists of several calls then leaves behind what those before it did. A path with a NUL in it
/// is refused with EINVAL, and one of PATH_MAX (4096) bytes or more with ENAMETOOLONG; both are
/// told later, like every failure. For reading and writing parts of a file see file.h.
namespace contrail::inline v0::fs {

using Path = std::filesystem::path;
using Mode = std::uint32_t;  ///< Permissions, as chmod(2) has them: 0644. The umask applies.
using Time = std::chrono::system_clock::time_point;

/// What hooks see of an operation.
struct CONTRAIL_API Details {
  std::string_view operation;  ///< "read_file", "stat", …
  std::string path;            ///< The first, if it has two.
};

enum class FileType {
  unknown,
  file,
  directory,
  link,
  fifo,
  socket,
  character_device,
  block_device,
};

struct CONTRAIL_API Stat {
  std::uint64_t size;  ///< In bytes.
  std::uint32_t mode;  ///< Type and permissions, as stat(2) has them.
  Time modified;
  Time accessed;
  Time changed;  ///< The status, not the content: st_ctim.
  std::uint64_t device;
  std::uint64_t inode;  ///< With device, what tells two files apart.
  std::uint64_t links;  ///< Hard links.
  std::uint32_t user;
  std::uint32_t group;
  std::uint64_t blocks;  ///< On disk, of 512 bytes each.

  FileType type() const noexcept;
  bool is_file() const noexcept;
  bool is_directory() const noexcept;
  bool is_link() const noexcept;  ///< Only lstat() tells a link.
};

/// What a directory has in it.
struct CONTRAIL_API DirEntry {
  std::string name;
  FileType type;  ///< Of the entry itself: links are not followed.

  bool is_file() const noexcept { return type == FileType::file; }
  bool is_directory() const noexcept { return type == FileType::directory; }
  bool is_link() const noexcept { return type == FileType::link; }
};

struct CONTRAIL_API FileSystem {
  std::uint64_t type;        ///< A magic number: statfs(2) lists them.
  std::uint64_t block_size;  ///< In bytes.
  std::uint64_t blocks;
  std::uint64_t free_blocks;
  std::uint64_t available_blocks;  ///< To other users than root.
  std::uint64_t files;
  std::uint64_t free_files;
};

// --- whole files --------------------------------------------------------------------------------

/// The whole file. Fails with the call that failed: "open /nowhere: ENOENT: …"; with EFBIG, as in
/// Node, from 2 GiB on.
CONTRAIL_API Promise<std::string> read_file(const Path& path, std::stop_token stop = {},
                                            CreationSite site = CreationSite::current());
CONTRAIL_API void read_file(const Path& path, Callback<std::string> fn,
                            CreationSite site = CreationSite::current());

struct WriteOptions {
  Mode mode = 0666;        ///< Of a file that is made.
  bool exclusive = false;  ///< Fails with EEXIST if there is one already.
  bool flush = false;      ///< Done only when it is on the disk.
};

/// Makes the file or replaces what is in it.
CONTRAIL_API Promise<void> write_file(const Path& path, std::string data, WriteOptions options = {},
                                      std::stop_token stop = {},
                                      CreationSite site = CreationSite::current());
CONTRAIL_API void write_file(const Path& path, std::string data, WriteOptions options,
                             Callback<void> fn, CreationSite site = CreationSite::current());
CONTRAIL_API void write_file(const Path& path, std::string data, Callback<void> fn,
                             CreationSite site = CreationSite::current());

/// Makes the file or adds to its end.
CONTRAIL_API Promise<void> append_file(const Path& path, std::string data,
                                       WriteOptions options = {}, std::stop_token stop = {},
                                       CreationSite site = CreationSite::current());
CONTRAIL_API void append_file(const Path& path, std::string data, WriteOptions options,
                              Callback<void> fn, CreationSite site = CreationSite::current());
CONTRAIL_API void append_file(const Path& path, std::string data, Callback<void> fn,
                              CreationSite site = CreationSite::current());

/// How far a copy is, in bytes.
struct CopyProgress {
  std::uint64_t done;
  std::uint64_t total;  ///< As far as it is known: the source may grow meanwhile.
};

struct CopyOptions {
  enum class Clone {
    never,
    if_possible,  ///< Shares the blocks until one side is written to, on file systems that can.
    always,       ///< Fails, with ENOTSUP or the like, if they cannot be shared.
  };
  bool exclusive = false;  ///< Fails with EEXIST if there is one already.
  Clone clone = Clone::never;
  /// If there is one, it is called after each MiB and, at least once, at the end: as the operation,
  /// whose callback follows. What it throws does not end the copy.
  Function<void(CopyProgress)> on_progress = {};
};

/// Copies content and permissions. What fails half way leaves no copy behind; neither does one that
/// is cancelled, or whose Loop goes, while on_progress watches.
CONTRAIL_API Promise<void> copy_file(const Path& from, const Path& to, CopyOptions options = {},
                                     std::stop_token stop = {},
                                     CreationSite site = CreationSite::current());
CONTRAIL_API void copy_file(const Path& from, const Path& to, CopyOptions options,
                            Callback<void> fn, CreationSite site = CreationSite::current());
CONTRAIL_API void copy_file(const Path& from, const Path& to, Callback<void> fn,
                            CreationSite site = CreationSite::current());

/// Cuts the file off at size, in bytes, or fills it up with zeros.
CONTRAIL_API Promise<void> truncate(const Path& path, std::uint64_t size, std::stop_token stop = {},
                                    CreationSite site = CreationSite::current());
CONTRAIL_API void truncate(const Path& path, std::uint64_t size, Callback<void> fn,
                           CreationSite site = CreationSite::current());

// --- what is known of a file --------------------------------------------------------------------

CONTRAIL_API Promise<Stat> stat(const Path& path, std::stop_token stop = {},
                                CreationSite site = CreationSite::current());
CONTRAIL_API void stat(const Path& path, Callback<Stat> fn,
                       CreationSite site = CreationSite::current());

/// Of the link itself, if it is one.
CONTRAIL_API Promise<Stat> lstat(const Path& path, std::stop_token stop = {},
                                 CreationSite site = CreationSite::current());
CONTRAIL_API void lstat(const Path& path, Callback<Stat> fn,
                        CreationSite site = CreationSite::current());

/// Of the file system that the path is on.
CONTRAIL_API Promise<FileSystem> statfs(const Path& path, std::stop_token stop = {},
                                        CreationSite site = CreationSite::current());
CONTRAIL_API void statfs(const Path& path, Callback<FileSystem> fn,
                         CreationSite site = CreationSite::current());

enum class Access : unsigned { exists = 0, execute = 1, write = 2, read = 4 };
constexpr Access operator|(Access one, Access other) noexcept {
  return static_cast<Access>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}

/// Fails if the process may not do that. It may have changed when you do: better just try.
CONTRAIL_API Promise<void> access(const Path& path, Access wanted = Access::exists,
                                  std::stop_token stop = {},
                                  CreationSite site = CreationSite::current());
CONTRAIL_API void access(const Path& path, Access wanted, Callback<void> fn,
                         CreationSite site = CreationSite::current());

CONTRAIL_API Promise<void> chmod(const Path& path, Mode mode, std::stop_token stop = {},
                                 CreationSite site = CreationSite::current());
CONTRAIL_API void chmod(const Path& path, Mode mode, Callback<void> fn,
                        CreationSite site = CreationSite::current());

/// ~0u leaves one as it is.
CONTRAIL_API Promise<void> chown(const Path& path, std::uint32_t user, std::uint32_t group,
                                 std::stop_token stop = {},
                                 CreationSite site = CreationSite::current());
CONTRAIL_API void chown(const Path& path, std::uint32_t user, std::uint32_t group,
                        Callback<void> fn, CreationSite site = CreationSite::current());
CONTRAIL_API Promise<void> lchown(const Path& path, std::uint32_t user, std::uint32_t group,
                                  std::stop_token stop = {},
                                  CreationSite site = CreationSite::current());
CONTRAIL_API void lchown(const Path& path, std::uint32_t user, std::uint32_t group,
                         Callback<void> fn, CreationSite site = CreationSite::current());

CONTRAIL_API Promise<void> utimes(const Path& path, Time accessed, Time modified,
                                  std::stop_token stop = {},
                                  CreationSite site = CreationSite::current());
CONTRAIL_API void utimes(const Path& path, Time accessed, Time modified, Callback<void> fn,
                         CreationSite site = CreationSite::current());
CONTRAIL_API Promise<void> lutimes(const Path& path, Time accessed, Time modified,
                                   std::stop_token stop = {},
                                   CreationSite site = CreationSite::current());
CONTRAIL_API void lutimes(const Path& path, Time accessed, Time modified, Callback<void> fn,
                          CreationSite site = CreationSite::current());

// --- names and links ----------------------------------------------------------------------------

/// Replaces what is at `to`. Within one file system only (EXDEV).
CONTRAIL_API Promise<void> rename(const Path& from, const Path& to, std::stop_token stop = {},
                                  CreationSite site = CreationSite::current());
CONTRAIL_API void rename(const Path& from, const Path& to, Callback<void> fn,
                         CreationSite site = CreationSite::current());

/// Node's unlink: removes a file, or a link, but no directory.
CONTRAIL_API Promise<void> remove(const Path& path, std::stop_token stop = {},
                                  CreationSite site = CreationSite::current());
CONTRAIL_API void remove(const Path& path, Callback<void> fn,
                         CreationSite site = CreationSite::current());

/// A second name for the file.
CONTRAIL_API Promise<void> link(const Path& existing, const Path& name, std::stop_token stop = {},
                                CreationSite site = CreationSite::current());
CONTRAIL_API void link(const Path& existing, const Path& name, Callback<void> fn,
                       CreationSite site = CreationSite::current());

/// Target is not looked at; a relative one is relative to where the link is.
CONTRAIL_API Promise<void> symlink(const Path& target, const Path& name, std::stop_token stop = {},
                                   CreationSite site = CreationSite::current());
CONTRAIL_API void symlink(const Path& target, const Path& name, Callback<void> fn,
                          CreationSite site = CreationSite::current());

CONTRAIL_API Promise<Path> read_link(const Path& path, std::stop_token stop = {},
                                     CreationSite site = CreationSite::current());
CONTRAIL_API void read_link(const Path& path, Callback<Path> fn,
                            CreationSite site = CreationSite::current());

/// Absolute, with no links, no "." and no ".." in it. It has to exist.
CONTRAIL_API Promise<Path> real_path(const Path& path, std::stop_token stop = {},
                                     CreationSite site = CreationSite::current());
CONTRAIL_API void real_path(const Path& path, Callback<Path> fn,
                            CreationSite site = CreationSite::current());

// --- directories --------------------------------------------------------------------------------

/// All entries but "." and "..", sorted by the bytes of their names.
CONTRAIL_API Promise<std::vector<DirEntry>> read_dir(const Path& path, std::stop_token stop = {},
                                                     CreationSite site = CreationSite::current());
CONTRAIL_API void read_dir(const Path& path, Callback<std::vector<DirEntry>> fn,
                           CreationSite site = CreationSite::current());

CONTRAIL_API Promise<void> make_dir(const Path& path, Mode mode = 0777, std::stop_token stop = {},
                                    CreationSite site = CreationSite::current());
CONTRAIL_API void make_dir(const Path& path, Mode mode, Callback<void> fn,
                           CreationSite site = CreationSite::current());
CONTRAIL_API void make_dir(const Path& path, Callback<void> fn,
                           CreationSite site = CreationSite::current());

/// `mkdir -p`: with all directories above it, and content with those that exist.
CONTRAIL_API Promise<void> make_dirs(const Path& path, Mode mode = 0777, std::stop_token stop = {},
                                     CreationSite site = CreationSite::current());
CONTRAIL_API void make_dirs(const Path& path, Mode mode, Callback<void> fn,
                            CreationSite site = CreationSite::current());
CONTRAIL_API void make_dirs(const Path& path, Callback<void> fn,
                            CreationSite site = CreationSite::current());

/// Removes an empty directory.
CONTRAIL_API Promise<void> remove_dir(const Path& path, std::stop_token stop = {},
                                      CreationSite site = CreationSite::current());
CONTRAIL_API void remove_dir(const Path& path, Callback<void> fn,
                             CreationSite site = CreationSite::current());

/// `rm -r`: removes whatever it is, and if it is a directory, everything in it. Links are removed,
/// never followed, even if somebody swaps a directory for one meanwhile. Stops at the first path
/// that cannot be removed; what others remove meanwhile is no failure. ENOENT if there is nothing.
CONTRAIL_API Promise<void> remove_all(const Path& path, std::stop_token stop = {},
                                      CreationSite site = CreationSite::current());
CONTRAIL_API void remove_all(const Path& path, Callback<void> fn,
                             CreationSite site = CreationSite::current());

/// Makes a directory whose name is prefix and six random characters, mode 0700. "/tmp/a-" is a
/// useful prefix; "/tmp/" is one, too, and "/tmp" makes siblings of /tmp.
CONTRAIL_API Promise<Path> make_temp_dir(const Path& prefix, std::stop_token stop = {},
                                         CreationSite site = CreationSite::current());
CONTRAIL_API void make_temp_dir(const Path& prefix, Callback<Path> fn,
                                CreationSite site = CreationSite::current());

/// The same with an empty file, mode 0600.
CONTRAIL_API Promise<Path> make_temp_file(const Path& prefix, std::stop_token stop = {},
                                          CreationSite site = CreationSite::current());
CONTRAIL_API void make_temp_file(const Path& prefix, Callback<Path> fn,
                                 CreationSite site = CreationSite::current());

}  // namespace contrail::inline v0::fs
