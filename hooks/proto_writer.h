#pragma once

#include <array>
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
    std::array<char, 8> encoded;
    for (char& byte : encoded) {
      byte = static_cast<char>(value);
      value >>= 8;
    }
    bytes_.append(encoded.data(), encoded.size());
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
      const std::size_t size = bytes_.size() - begin_;
      bytes_[begin_ - 1] = static_cast<char>(size);
      if (size < 0x80) return;
      std::string length;
      ProtoWriter(length).raw_varint(size);
      bytes_.replace(begin_ - 1, 1, length);
    }

   private:
    std::string& bytes_;
    std::size_t begin_;
  };

 private:
  void tag(std::uint32_t field, std::uint32_t wire_type) { raw_varint(field << 3 | wire_type); }
  void raw_varint(std::uint64_t value) {
    if (value < 0x80) {
      bytes_ += static_cast<char>(value);
      return;
    }
    std::array<char, 10> encoded;
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7) encoded[size++] = static_cast<char>(value | 0x80);
    encoded[size++] = static_cast<char>(value);
    bytes_.append(encoded.data(), size);
  }

  std::string& bytes_;
};

}  // namespace contrail::inline v0::hooks
