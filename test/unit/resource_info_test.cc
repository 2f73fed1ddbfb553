#include "contrail/resource_info.h"

#include <gtest/gtest.h>

#include <string>

namespace contrail {
namespace {

TEST(AnyRef, gives_back_an_object_of_exactly_its_type) {
  const std::string text = "x";
  const AnyRef ref = AnyRef::to(text);
  EXPECT_EQ(ref.as<std::string>(), &text);
}

TEST(AnyRef, gives_nothing_of_another_type) {
  const int number = 1;
  EXPECT_EQ(AnyRef::to(number).as<unsigned>(), nullptr);
}

TEST(AnyRef, gives_nothing_of_a_base_class) {
  struct Animal {};
  struct Dog : Animal {};
  const Dog dog;
  EXPECT_EQ(AnyRef::to(dog).as<Animal>(), nullptr);
}

TEST(AnyRef, to_nothing_is_false) {
  EXPECT_FALSE(AnyRef());
  EXPECT_EQ(AnyRef().as<int>(), nullptr);
}

TEST(AnyRef, may_be_stored_in_two_halves) {
  const int number = 1;
  const AnyRef whole = AnyRef::to(number);
  EXPECT_TRUE(whole);
  EXPECT_EQ(AnyRef::from(whole.object(), whole.tag()).as<int>(), &number);
}

TEST(ResourceType, converts_to_its_name) {
  static constexpr ResourceType query{"DbQuery"};
  const std::string_view name = query;
  EXPECT_EQ(name, "DbQuery");
}

TEST(ResourceInfo, is_of_nobody_by_default) {
  const ResourceInfo info;
  EXPECT_EQ(info.async_id, no_async_id);
  EXPECT_EQ(info.trigger_async_id, no_async_id);
  EXPECT_TRUE(info.type.empty());
  EXPECT_FALSE(info.details);
}

TEST(AsyncId, numbers_nobody_and_the_root_as_node_does) {
  static_assert(no_async_id == 0);
  static_assert(root_async_id == 1);
  EXPECT_EQ(static_cast<std::int64_t>(unassigned_async_id), -1);
}

}  // namespace
}  // namespace contrail
