#include "contrail/hooks/signal_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "support/child.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using hooks::SignalText;

template <class F>
std::string text_of(F&& write) {
  std::string text;
  SignalText to(text);
  write(to);
  to.flush();
  return text;
}
std::string duration(std::chrono::nanoseconds length) {
  return text_of([&](SignalText& to) { to.duration(length); });
}

TEST(SignalText, writes_numbers_as_fmt_does) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(text_of([&](SignalText& to) {
              to.number(0).text(" ").number(-1).text(" ").number(least).text(" ").number(most);
              to.text(" ").hex(most);
            }),
            fmt::format("0 -1 {} {} {:#x}", least, most, most));
}

TEST(SignalText, writes_durations_in_the_unit_that_says_most) {
  EXPECT_EQ(duration(0ns), "0 ns");
  EXPECT_EQ(duration(999ns), "999 ns");
  EXPECT_EQ(duration(2100us), "2.1 ms");
  EXPECT_EQ(duration(2us), "2 us");
  EXPECT_EQ(duration(17'900ms), "17 s");
  EXPECT_EQ(duration(30min), "30 min");
  EXPECT_EQ(duration(25h), "25 h");
  EXPECT_EQ(duration(-1s), "0 ns");
}

TEST(SignalText, keeps_text_longer_than_its_buffer) {
  const std::string all(5000, 'x');
  EXPECT_EQ(text_of([&](SignalText& to) { to.text(all); }), all);
}

std::string in_quotes(std::string_view plain) {
  return text_of([&](SignalText& to) { to.quoted(plain); });
}

TEST(SignalText, quotes_so_that_a_value_cannot_look_like_two) {
  EXPECT_EQ(in_quotes("ada\" admin=\"yes"), R"("ada\" admin=\"yes")");
  EXPECT_EQ(in_quotes("a\\"), R"("a\\")");
  EXPECT_EQ(in_quotes("a\nb\x7f\x1b\t"), R"("a\nb\x7f\x1b\x09")");
  EXPECT_EQ(in_quotes("\u00fc"), "\"\u00fc\"");
}

TEST(SignalText, cuts_what_it_quotes_between_characters) {
  EXPECT_EQ(in_quotes(std::string(256, 'x')), '"' + std::string(256, 'x') + '"');
  EXPECT_EQ(in_quotes(std::string(257, 'x')), '"' + std::string(256, 'x') + "\"...");
  const std::string before(255, 'x');
  EXPECT_EQ(in_quotes(before + "\u00fc"), '"' + before + "\"...");
  EXPECT_EQ(in_quotes(std::string(1000, '\x80')), '"' + std::string(253, '\x80') + "\"...");
}

TEST(SignalText, reaches_a_descriptor_as_it_ends) {
  Child child([] { SignalText(STDERR_FILENO).text("to ").number(2); });
  EXPECT_EQ(child.output(), "to 2");
}

TEST(SignalText, drops_what_a_descriptor_does_not_take) {
  errno = 0;
  SignalText(-1).text("lost");
  EXPECT_EQ(errno, 0);
}

}  // namespace
}  // namespace contrail
