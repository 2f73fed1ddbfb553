#include "contrail/hooks/context_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace contrail {
namespace {

using hooks::context_field;
using hooks::SignalText;
using ::testing::HasSubstr;

std::string fields() {
  std::string text;
  SignalText to(text);
  hooks::write_context_fields(to);
  to.flush();
  return text;
}

TEST(ContextFields, show_the_values_of_the_current_context) {
  AsyncLocalStorage<std::string> user;
  async_context::Variable<int> request;
  const auto first = context_field("user", user);
  const auto second = context_field("request", request);
  EXPECT_EQ(fields(), " user=(nothing) request=(nothing)");
  user.run("ada", [&] { request.run(7, [&] { EXPECT_EQ(fields(), " user=\"ada\" request=7"); }); });
}

TEST(ContextFields, show_defaults_and_truth) {
  const async_context::Variable<bool> debug({}, true);
  const auto shown = context_field("debug", debug);
  EXPECT_EQ(fields(), " debug=true");
}

TEST(ContextFields, cannot_be_forged_by_values) {
  AsyncLocalStorage<std::string> user;
  const auto shown = context_field("user", user);
  user.run("ada\" admin=\"yes", [] { EXPECT_EQ(fields(), R"( user="ada\" admin=\"yes")"); });
}

TEST(ContextFields, are_gone_with_what_registered_them) {
  AsyncLocalStorage<int> number;
  {
    auto shown = context_field("number", number);
    const auto moved = std::move(shown);
    EXPECT_EQ(fields(), " number=(nothing)");
    EXPECT_TRUE(hooks::has_context_fields());
  }
  EXPECT_EQ(fields(), "");
  EXPECT_FALSE(hooks::has_context_fields());
}

struct Point {
  int x, y;
};
void show_point(const Point& point, SignalText& to) {
  to.number(point.x).text("/").number(point.y);
}

TEST(ContextFields, show_other_types_as_they_are_told) {
  AsyncLocalStorage<Point> where;
  const auto shown = context_field("where", where, show_point);
  where.run(Point{1, -2}, [] { EXPECT_EQ(fields(), " where=1/-2"); });
}

TEST(ContextFields, are_refused_when_there_are_too_many) {
  AsyncLocalStorage<int> number;
  std::vector<hooks::ContextField> all;
  for (int i = 0; i < 32; ++i) all.push_back(context_field("n", number));
  EXPECT_THROW((void)context_field("one too many", number), std::length_error);
}

TEST(ContextFields, have_names_of_31_bytes_at_most) {
  AsyncLocalStorage<int> number;
  const auto shown = context_field(std::string(100, 'n'), number);
  EXPECT_EQ(fields(), " " + std::string(31, 'n') + "=(nothing)");
}

}  // namespace
}  // namespace contrail
