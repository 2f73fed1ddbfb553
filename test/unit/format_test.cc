#include "contrail/format.h"

#include <gtest/gtest.h>
#include <uv.h>

namespace contrail {
namespace {

TEST(Format, prints_an_error_as_its_sentence) {
  EXPECT_EQ(fmt::format("{}", Error(UV_ENOENT, "open", "/x")),
            "open /x: ENOENT: no such file or directory");
}

TEST(Format, pads_an_error_like_text) {
  EXPECT_EQ(fmt::format("{:.4}|", Error(UV_ENOENT, "open")), "open|");
}

TEST(Format, prints_a_resource_with_its_trigger) {
  const ResourceInfo info{.async_id = 7, .trigger_async_id = 1, .type = "Timeout"};
  EXPECT_EQ(fmt::format("{}", info), "Timeout 7 (by 1)");
}

TEST(Format, prints_ids_as_numbers) { EXPECT_EQ(fmt::format("{:>4}", root_async_id), "   1"); }

}  // namespace
}  // namespace contrail
