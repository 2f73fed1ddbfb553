#include "contrail/error.h"

#include <gtest/gtest.h>
#include <uv.h>

#include <utility>

namespace contrail {
namespace {

TEST(Error, says_which_operation_failed_on_what_and_why) {
  const Error error(UV_ECONNREFUSED, "connect", "127.0.0.1:1");
  EXPECT_STREQ(error.what(), "connect 127.0.0.1:1: ECONNREFUSED: connection refused");
}

TEST(Error, leaves_out_a_subject_it_does_not_have) {
  EXPECT_STREQ(Error(UV_EPIPE, "write").what(), "write: EPIPE: broken pipe");
}

TEST(Error, says_why_in_other_words_if_it_is_given_any) {
  const Error error(UV_EINVAL, "parse", "file", "there is no comma");
  EXPECT_STREQ(error.what(), "parse file: EINVAL: there is no comma");
}

TEST(Error, shows_its_parts) {
  const Error error(UV_ENOENT, "open", "/nowhere");
  EXPECT_EQ(error.name(), "ENOENT");
  EXPECT_EQ(error.syscall(), "open");
  EXPECT_EQ(error.subject(), "/nowhere");
}

TEST(Error, has_a_code_that_compares_with_errc) {
  const Error error(UV_ECONNREFUSED, "connect");
  EXPECT_EQ(error.code(), std::errc::connection_refused);
  EXPECT_NE(error.code(), std::errc::connection_reset);
}

TEST(Error, keeps_the_number_of_libuv) {
  EXPECT_EQ(Error(UV_EAGAIN, "read").code().value(), UV_EAGAIN);
}

TEST(Error, of_libuv_alone_equals_no_errc) {
  const Error end(UV_EOF, "read");
  EXPECT_EQ(end.code().default_error_condition().category(), uv_category());
  EXPECT_EQ(end.name(), "EOF");
}

TEST(Error, is_caught_as_a_system_error) {
  EXPECT_THROW(throw Error(UV_EACCES, "bind", "[::]:80"), std::system_error);
}

TEST(Error, stays_whole_when_it_was_copied_from_one_that_is_gone) {
  auto original = std::make_unique<Error>(UV_ENOENT, "open", std::string(100, 'x'));
  const Error copy = *original;
  const std::string text = original->what();
  original.reset();
  EXPECT_EQ(copy.what(), text);
  EXPECT_EQ(copy.name(), "ENOENT");
}

TEST(Error, has_a_category_named_after_libuv) {
  EXPECT_STREQ(uv_category().name(), "libuv");
  EXPECT_EQ(uv_category().message(UV_ENOENT), "no such file or directory");
}

}  // namespace
}  // namespace contrail
