#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace contrail::inline v0::hooks {

/// Appends fields in the wire format of protocol buffers:
///
///     ProtoWriter out(bytes);
///     out.varint(1, 42);
///     const ProtoWriter::Message nested(out, 2);  // Open until it goes out of scope.
///     out.text(3, "inside");
class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& bytes) noexcept : bytes_(bytes) {}

  /// Also for bool and enums.
  void varint(std::uint32_t field, std::uint64_t value) {
    tag(field, 0);
    raw_varint(value);
  }
  /// int32 and int64; what is negative takes ten bytes.
  void signed_varint(std::uint32_t field, std::int64_t value) {
    varint(field, static_cast<std::uint64_t>(value));
  }
  void fixed64(std::uint32_t field, std::uint64_t value) {
    tag(field, 1);
    for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(value >> shift);
  }
  void text(std::uint32_t field, std::string_view value) {
    tag(field, 2);
    raw_varint(value.size());
    bytes_ += value;
  }

  class Message {
   public:
    Message(ProtoWriter& writer, std::uint32_t field) : bytes_(writer.bytes_) {
      writer.tag(field, 2);
      bytes_ += '\0';  // The length: for most, a single byte.
      begin_ = bytes_.size();
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    ~Message() {
      std::string length;
      ProtoWriter(length).raw_varint(bytes_.size() - begin_);
      bytes_.replace(begin_ - 1, 1, length);
    }

   private:
    std::string& bytes_;
    std::size_t begin_;
  };

 private:
  void tag(std::uint32_t field, std::uint32_t wire_type) { raw_varint(field << 3 | wire_type); }
  void raw_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string& bytes_;
};

}  // namespace contrail::inline v0::hooks
