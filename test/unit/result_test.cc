#include "contrail/result.h"

#include <gtest/gtest.h>
#include <uv.h>

#include <memory>
#include <string>

namespace contrail {
namespace {

Error refused() { return {UV_ECONNREFUSED, "connect"}; }

TEST(Result, of_a_value_is_true_and_gives_it) {
  Result<std::string> result = std::string("text");
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, "text");
  EXPECT_EQ(result->size(), 4u);
}

TEST(Result, of_an_error_is_false_and_gives_it) {
  Result<std::string> result = refused();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().name(), "ECONNREFUSED");
}

TEST(Result, throws_its_error_when_asked_for_the_value) {
  Result<int> result = refused();
  EXPECT_THROW(result.value(), Error);
  EXPECT_THROW(*result, Error);
  EXPECT_THROW(std::as_const(result).value(), Error);
}

TEST(Result, has_no_error_beside_its_value) {
  Result<int> result = 1;
  EXPECT_THROW(static_cast<void>(result.error()), std::bad_variant_access);
}

TEST(Result, gives_a_value_away_that_cannot_be_copied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(42);
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 42);
}

TEST(Result, lets_its_value_be_changed_in_place) {
  Result<std::string> result = std::string("a");
  result->push_back('b');
  EXPECT_EQ(result.value(), "ab");
}

TEST(Result, of_void_is_done_or_an_error) {
  EXPECT_TRUE(Result<void>());
  EXPECT_FALSE(Result<void>(refused()));
}

TEST(Result, of_void_throws_its_error_when_asked) {
  Result<void> failed = refused();
  EXPECT_THROW(failed.value(), Error);
  EXPECT_NO_THROW(Result<void>().value());
}

TEST(Result, is_what_a_callback_receives) {
  int sum = 0;
  Callback<int> callback = [&sum](Result<int> number) { sum += number ? *number : 100; };
  callback(1);
  callback(refused());
  EXPECT_EQ(sum, 101);
}

}  // namespace
}  // namespace contrail
