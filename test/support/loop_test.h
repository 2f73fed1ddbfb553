#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <uv.h>

#include <map>
#include <optional>
#include <string>

#include "contrail/async_hook.h"
#include "contrail/detail/context_frame.h"
#include "contrail/execution.h"
#include "contrail/loop.h"

namespace contrail {

/// A Loop for each test. Afterwards nothing may be open on it, and every resource that was ever
/// announced must be gone.
class LoopTest : public ::testing::Test {
 protected:
  LoopTest() { ledger_.enable(); }

  /// For tests of what happens while no hook is enabled.
  void close_ledger() { ledger_.disable(); }

  /// Ends the Loop ahead of the test's end, whatever is pending on it.
  void destroy_loop() { loop_.reset(); }

  void TearDown() override {
    if (loop_) {
      EXPECT_FALSE(uv_loop_alive(loop_->native())) << "something was left open";
    }
    loop_.reset();
    for (const auto& [id, type] : alive_) ADD_FAILURE() << type << ' ' << id << " never ended";
    EXPECT_EQ(execution_async_id(), no_async_id);
  }

  Loop& loop() { return *loop_; }
  bool has_loop() const { return loop_.has_value(); }

 private:
  /// What one test entered is not the next one's.
  struct NoContext {
    NoContext() { detail::replace_frame(nullptr); }
    ~NoContext() { detail::replace_frame(nullptr); }
  };
  NoContext no_context_;
  std::optional<Loop> loop_{std::in_place};
  std::map<AsyncId, std::string> alive_;
  AsyncHook ledger_{{
      .init = [this](const ResourceInfo& made) { alive_.emplace(made.async_id, made.type); },
      .destroy = [this](AsyncId id) { alive_.erase(id); },
  }};
};

}  // namespace contrail
