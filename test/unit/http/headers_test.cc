#include "contrail/http/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <stdexcept>
#include <string>

namespace contrail::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Field = Headers::Field;

TEST(Headers, match_names_whatever_their_case) {
  const Headers headers{{"Content-Type", "text/plain"}};
  EXPECT_EQ(headers.get("content-type"), "text/plain");
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(headers.get("Content-Typ"), std::nullopt);
}

TEST(Headers, keep_the_order_and_the_spelling) {
  Headers headers{{"B", "1"}, {"a", "2"}};
  headers.add("C", "3").add("b", "4");
  EXPECT_THAT(headers,
              ElementsAre(Field{"B", "1"}, Field{"a", "2"}, Field{"C", "3"}, Field{"b", "4"}));
}

TEST(Headers, have_several_values_of_one_name) {
  const Headers headers{{"Set-Cookie", "a=1"}, {"Other", "x"}, {"set-cookie", "b=2"}};
  EXPECT_EQ(headers.get("Set-Cookie"), "a=1");
  EXPECT_THAT(headers.values("SET-COOKIE"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(headers.values("None"), IsEmpty());
}

TEST(Headers, set_takes_the_place_of_all_fields_of_that_name) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.set("a", "4");
  EXPECT_THAT(headers, ElementsAre(Field{"a", "4"}, Field{"B", "2"}));
}

TEST(Headers, set_adds_what_is_not_there) {
  Headers headers;
  headers.set("A", "1");
  EXPECT_THAT(headers, ElementsAre(Field{"A", "1"}));
}

TEST(Headers, remove_tells_how_many_there_were) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  EXPECT_EQ(headers.remove("A"), 2u);
  EXPECT_EQ(headers.remove("A"), 0u);
  EXPECT_THAT(headers, ElementsAre(Field{"B", "2"}));
}

TEST(Headers, may_be_set_to_one_of_their_own_values) {
  Headers headers{{"A", std::string(40, 'a')}, {"B", "b"}};
  headers.set("B", *headers.get("A"));
  headers.add(*headers.get("B"), *headers.get("B"));
  EXPECT_EQ(headers.get("B"), std::string(40, 'a'));
}

TEST(Headers, drop_the_blanks_around_a_value) {
  const Headers headers{{"A", " \t one two\t "}, {"B", "   "}};
  EXPECT_EQ(headers.get("A"), "one two");
  EXPECT_EQ(headers.get("B"), "");
}

TEST(Headers, copies_are_independent) {
  Headers headers{{"A", "1"}};
  const Headers copy = headers;
  headers.set("A", "2");
  EXPECT_EQ(copy.get("A"), "1");
}

TEST(Headers, are_a_forward_range) {
  static_assert(std::forward_iterator<Headers::Iterator>);
  Headers headers{{"A", "1"}, {"B", "2"}};
  EXPECT_EQ(std::distance(headers.begin(), headers.end()), 2);
  headers.clear();
  EXPECT_TRUE(headers.empty());
  EXPECT_EQ(headers.begin(), headers.end());
}

class BadName : public testing::TestWithParam<std::string> {};

TEST_P(BadName, is_refused) {
  Headers headers;
  EXPECT_THROW(headers.set(GetParam(), "x"), std::invalid_argument);
  EXPECT_THROW(headers.add(GetParam(), "x"), std::invalid_argument);
  EXPECT_TRUE(headers.empty());
}

INSTANTIATE_TEST_SUITE_P(Headers, BadName,
                         testing::Values("", "a b", "a:", "a\r\nb", "a\t", " a", "a(b)", "\xe4",
                                         std::string("a\0b", 3), "\"a\"", "a/b", "a,b"));

class BadValue : public testing::TestWithParam<std::string> {};

TEST_P(BadValue, is_refused) {
  Headers headers{{"A", "1"}};
  EXPECT_THROW(headers.set("A", GetParam()), std::invalid_argument);
  EXPECT_THROW(headers.add("A", GetParam()), std::invalid_argument);
  EXPECT_THAT(headers, ElementsAre(Field{"A", "1"}));
}

INSTANTIATE_TEST_SUITE_P(Headers, BadValue,
                         testing::Values("a\r\nB: c", "a\rb", "a\nb", "a\r\n b", "\x7f", "\x01",
                                         std::string("a\0b", 3), "a\r", "a\n"));

TEST(Headers, say_what_is_wrong_with_a_value) {
  Headers headers;
  try {
    headers.set("X-Name", "one\r\ntwo");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "http::Headers: the value of X-Name must not contain the byte 0x0d");
  }
}

TEST(Headers, take_values_beyond_ascii) {
  Headers headers;
  headers.set("X-Name", "M\xc3\xbcller");
  EXPECT_EQ(headers.get("x-name"), "M\xc3\xbcller");
}

}  // namespace
}  // namespace contrail::http
