#include "contrail/version.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace contrail {
namespace {

TEST(Version, reads_like_its_parts) {
  EXPECT_EQ(version, fmt::format("{}.{}.{}", version_major, version_minor, version_patch));
}

}  // namespace
}  // namespace contrail
