// What is the same of every Trace.

#include "contrail/hooks/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "contrail/error.h"
#include "contrail/hooks/chrome_trace.h"
#include "contrail/hooks/perfetto_trace.h"
#include "contrail/loop.h"
#include "contrail/timers.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

template <class Kind>
class Trace : public ::testing::Test {
 protected:
  auto size() const { return std::filesystem::file_size(path); }

  const TempDir folder;
  const std::filesystem::path path = folder.path() / "trace";
  Loop loop;
};
using Kinds = ::testing::Types<hooks::ChromeTrace, hooks::PerfettoTrace>;
TYPED_TEST_SUITE(Trace, Kinds);

TYPED_TEST(Trace, names_the_file_it_cannot_open) {
  try {
    TypeParam trace("/nowhere/trace");
    ADD_FAILURE() << "it was opened";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/trace"));
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
}

TYPED_TEST(Trace, that_was_moved_from_has_nothing_to_close) {
  TypeParam trace(this->path);
  auto moved = std::move(trace);
  trace.close();
  EXPECT_EQ(trace.dropped_events(), 0u);
}

TYPED_TEST(Trace, hears_nothing_while_it_is_disabled) {
  TypeParam trace(this->path, {.buffer_bytes = 1});
  trace.disable();
  const auto before = this->size();
  set_immediate([] {});
  EXPECT_EQ(this->size(), before);
  trace.enable().enable();
  set_immediate([] {});
  EXPECT_GT(this->size(), before);
}

TYPED_TEST(Trace, may_outlive_its_loop) {
  std::optional<TypeParam> trace;
  std::thread([&] {
    Loop loop;
    trace.emplace(this->path);
    set_timeout([] {}, 1h);
  }).join();
  trace.reset();
  EXPECT_GT(this->size(), 0u);
}

}  // namespace
}  // namespace contrail
