#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/fs.h"
#include "contrail/hooks/chrome_trace.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;

/// What a ChromeTrace writes, as the specification of the format sees it.
class TraceEventFormat : public ::testing::Test {
 protected:
  TraceEventFormat() {
    std::string name = (std::filesystem::temp_directory_path() / "trace-XXXXXX").string();
    ::close(::mkstemp(name.data()));
    path = name;
  }
  ~TraceEventFormat() override { std::filesystem::remove(path); }
  void SetUp() override {
    if (std::system("python3 --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no python3";
  }

  std::string check() const {
    const std::string command =
        "python3 " CONTRAIL_TEST_DIR "/unit/hooks/check_trace_events.py " + path.string() + " 2>&1";
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    std::string text;
    for (int c; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
    ::pclose(pipe);
    return text;
  }

  static Promise<void> read_this_file() {
    co_await fs::read_file(CONTRAIL_TEST_DIR "/unit/hooks/check_trace_events.py");
    co_await sleep(1ms);
  }
  void work() {
    AsyncResource outer("Outer"), inner("\"In\\ner\"");
    outer.run_in_async_scope([&] {
      inner.run_in_async_scope([] { next_tick([] { queue_microtask([] {}); }); });
      AsyncResource explicitly("Explicitly", {.trigger = &inner});
      explicitly.run_in_async_scope([] {});
    });
    set_timeout([] { set_immediate([] {}); }, 1ms);
    read_this_file().detach();
    loop.run();
    set_timeout([] {}, 1h).unref();
  }

  std::filesystem::path path;
  Loop loop;
};

TEST_F(TraceEventFormat, is_kept_to) {
  {
    const hooks::ChromeTrace trace(path, {.describe = [](const ResourceInfo&) { return "\t\""; }});
    work();
  }
  EXPECT_THAT(check(), EndsWith("events, nothing wrong\n"));
}

TEST_F(TraceEventFormat, is_kept_to_by_a_trace_that_is_full) {
  {
    const hooks::ChromeTrace trace(path, {.max_events = 20, .arrows_max = 2});
    work();
  }
  EXPECT_THAT(check(), EndsWith("events, nothing wrong\n"));
}

TEST_F(TraceEventFormat, is_kept_to_by_a_trace_with_gaps) {
  {
    hooks::ChromeTrace trace(path);
    set_immediate([&] {
      trace.disable();
      set_immediate([&] { trace.enable(); });
    });
    work();
  }
  EXPECT_THAT(check(), EndsWith("events, nothing wrong\n"));
}

TEST_F(TraceEventFormat, is_kept_to_whenever_a_trace_is_switched) {
  std::minstd_rand random(1);
  {
    hooks::ChromeTrace trace(path);
    const auto perhaps_switch = [&] {
      if (random() % 4 == 0) trace.disable();
      if (random() % 3 == 0) trace.enable();
    };
    std::vector<AsyncResource> kept;
    for (int i = 0; i < 200; ++i) {
      set_immediate([&] {
        perhaps_switch();
        kept.emplace_back("Kept");
        next_tick(perhaps_switch);
        kept[random() % kept.size()].run_in_async_scope(perhaps_switch);
        if (random() % 2 == 0) kept.erase(kept.begin() + static_cast<long>(random() % kept.size()));
      });
    }
    loop.run();
  }
  EXPECT_THAT(check(), EndsWith("events, nothing wrong\n"));
}

TEST_F(TraceEventFormat, has_rules_that_are_checked) {
  std::ofstream(path) << R"({"traceEvents":[
    {"ph":"X","cat":"a","name":"a","pid":1,"tid":1,"ts":1,"dur":2},
    {"ph":"X","cat":"a","name":"b","pid":1,"tid":1,"ts":2,"dur":2},
    {"ph":"b","cat":"a","name":"a","id":"1","pid":1,"tid":1,"ts":1},
    {"ph":"s","cat":"a","name":"a","id":"1","pid":1,"tid":1,"ts":9}]})";
  const std::string wrong = check();
  EXPECT_THAT(wrong, HasSubstr("overlaps another"));
  EXPECT_THAT(wrong, HasSubstr("not one beginning and one end: b"));
  EXPECT_THAT(wrong, HasSubstr("not a start and then a finish"));
  EXPECT_THAT(wrong, HasSubstr("outside all slices"));
}

}  // namespace
}  // namespace contrail
