#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "contrail/detail/export.h"
#include "contrail/promise.h"
#include "contrail/result.h"

/// Files and directories. Every operation comes twice: returning a Promise, or taking a callback
/// last. Both are one FSREQCALLBACK; the promise form adds its PROMISE. The work is done on
/// libuv's thread pool.
namespace contrail::inline v0::fs {

using Path = std::filesystem::path;

/// What hooks see of an operation.
struct CONTRAIL_API Details {
  std::string_view operation;  ///< "read_file", "stat", …
  Path path;
};

struct CONTRAIL_API Stat {
  std::uint64_t size;
  std::uint32_t mode;  ///< Type and permissions, as stat(2) has them.
  std::chrono::system_clock::time_point modified;

  bool is_file() const noexcept;
  bool is_directory() const noexcept;
};

/// The whole file. Fails with the call that failed: "open /nowhere: ENOENT: …"; with EFBIG, as in
/// Node, from 2 GiB on.
CONTRAIL_API Promise<std::string> read_file(Path path);
CONTRAIL_API void read_file(Path path, Callback<std::string> fn);

CONTRAIL_API Promise<Stat> stat(Path path);
CONTRAIL_API void stat(Path path, Callback<Stat> fn);

}  // namespace contrail::inline v0::fs
