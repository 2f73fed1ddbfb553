#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "contrail/detail/export.h"

namespace contrail::inline v0 {

/// What Stream::write() sends: text or bytes, in whatever form they are at hand.
///
///     socket.write(std::move(line), told);  // Kept until it is sent.
///     socket.write("pong\n", told);         // Looked at during the call; copied if it has to
///     wait. socket.write(*chunk, told);
///
/// The system mostly takes a write at once, and then nothing is copied.
class CONTRAIL_API WriteData {
 public:
  WriteData() noexcept = default;
  WriteData(std::string&& text) noexcept : kept_(std::move(text)) {}
  WriteData(const std::string& text) noexcept : WriteData(std::string_view(text)) {}
  WriteData(std::string_view text) noexcept : seen_(text) {}
  WriteData(const char* text) noexcept : seen_(text) {}
  WriteData(std::span<const std::byte> bytes) noexcept
      : seen_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}
  WriteData(std::span<std::byte> bytes) noexcept : WriteData(std::span<const std::byte>(bytes)) {}

  std::string_view view() const noexcept { return is_kept() ? kept_ : seen_; }
  /// It was moved in.
  bool is_kept() const noexcept { return seen_.empty(); }
  /// What was moved in.
  std::string take() noexcept { return std::move(kept_); }

 private:
  std::string kept_;
  std::string_view seen_;
};

}  // namespace contrail::inline v0
