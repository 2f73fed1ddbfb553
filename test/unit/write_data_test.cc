#include "contrail/write_data.h"

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>

namespace contrail {
namespace {

TEST(WriteData, keeps_a_string_that_is_moved_in) {
  std::string text(100, 'x');
  const char* const where = text.data();
  WriteData data(std::move(text));
  EXPECT_TRUE(data.is_kept());
  EXPECT_EQ(data.view().data(), where);
  EXPECT_EQ(data.take().data(), where);
}

TEST(WriteData, only_looks_at_everything_else) {
  const std::string text = "text";
  const std::array<std::byte, 2> bytes{std::byte{'o'}, std::byte{'k'}};
  std::array<std::byte, 2> buffer = bytes;
  EXPECT_EQ(WriteData(text).view().data(), text.data());
  EXPECT_EQ(WriteData(std::string_view(text)).view().data(), text.data());
  EXPECT_EQ(WriteData(text.c_str()).view().data(), text.data());
  EXPECT_EQ(WriteData(std::span<const std::byte>(bytes)).view(), "ok");
  EXPECT_EQ(WriteData(std::span<std::byte>(buffer)).view(), "ok");
  EXPECT_FALSE(WriteData(text).is_kept());
}

TEST(WriteData, may_be_nothing) {
  EXPECT_EQ(WriteData().view(), "");
  EXPECT_EQ(WriteData("").view(), "");
  const WriteData nothing = {};
  EXPECT_EQ(nothing.view(), "");
}

}  // namespace
}  // namespace contrail
