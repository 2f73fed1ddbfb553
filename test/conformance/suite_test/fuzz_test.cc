#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.h"

namespace contrail::conformance {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string quoted(const std::string& word) { return "'" + word + "' "; }

class FuzzCommand : public testing::Test {
 protected:
  TempDir folder_;
};

TEST_F(FuzzCommand, finds_no_difference_between_contrail_and_itself) {
  const Ended ended = run_program(
      folder_, "fuzz --reference " + quoted(program + " trace") + "--seeds 1..50 --jobs 2");
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_EQ(ended.output, "50 passed, 0 failed\n");
}

TEST_F(FuzzCommand, runs_each_of_300_seeds_without_an_error) {
  const Ended generated = run_program(folder_, "generate --seeds 1..300 --out generated");
  ASSERT_EQ(generated.status, 0);
  for (const auto& file : std::filesystem::directory_iterator(folder_.path() / "generated")) {
    folder_.file("generated/" + file.path().stem().string() + ".trace", "");
  }
  const auto document =
      nlohmann::json::parse(run_program(folder_, "check generated --format json").output);
  for (const auto& scenario : document["scenarios"]) {
    EXPECT_THAT(scenario.value("account", ""), Not(HasSubstr("[ended with"))) << scenario["name"];
  }
}

TEST_F(FuzzCommand, shrinks_the_lie_of_a_driver_to_the_ops_that_show_it) {
  const std::string liar = driver_that_edits(folder_, "s/^value 2$/value 3/");
  const Ended ended = run_program(
      folder_, "fuzz --profile promises --seeds 31 --out kept --reference " + quoted(liar));
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("seed 31 differs\n"));
  EXPECT_THAT(ended.output, HasSubstr("! value 3   | value 2\n"));
  EXPECT_THAT(ended.output, EndsWith("0 passed, 1 failed\n"));
  const auto scenario = nlohmann::json::parse(text_of_file(folder_.path() / "kept/seed-31.json"));
  EXPECT_EQ(scenario["main"].size(), 2U) << scenario;
}

TEST_F(FuzzCommand, takes_a_candidate_that_crashes_for_one_that_differs) {
  const auto crash = folder_.file("crash.sh",
                                  "grep -q seed \"$1\" && kill -SEGV $$; echo "
                                  "log ready exec=main trigger=boot\n");
  const Ended ended =
      run_program(folder_, "fuzz --seeds 1 --reference " + quoted(program + " trace") +
                               "--candidate " + quoted("exec sh " + crash.string()));
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("[ended with SIGSEGV]"));
}

TEST_F(FuzzCommand, says_at_once_that_a_reference_does_not_run) {
  const Ended ended = run_program(folder_, "fuzz --seeds 1..1000 --reference no-such-program");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("no-such-program: runs no scenario: ended with 127"));
}

TEST_F(FuzzCommand, keeps_the_traces_of_the_reference) {
  const std::string counting =
      "echo x >>" + (folder_.path() / "count").string() + "\n" + program + " trace \"$1\"\n";
  const std::string reference = "sh " + folder_.file("counting.sh", counting).string();
  const std::string arguments = "fuzz --seeds 1..5 --cache kept --reference " + quoted(reference);
  run_program(folder_, arguments);
  const std::string runs = text_of_file(folder_.path() / "count");
  EXPECT_EQ(run_program(folder_, arguments).status, 0);
  // Only to see whether the reference runs at all.
  EXPECT_EQ(text_of_file(folder_.path() / "count").size(), runs.size() + 2);
}

TEST_F(FuzzCommand, ends_with_the_counts_so_far_when_it_is_interrupted) {
  const auto waiting = folder_.file("waiting.sh",
                                    "grep -q 'seed 3 ' \"$1\" && { kill -INT $2; "
                                    "sleep 9; }; " +
                                        program + " trace \"$1\"\n");
  const std::string reference = "f() { sh " + waiting.string() + " \"$1\" $PPID; }; f";
  const Ended ended = run_program(folder_, "fuzz --seeds 1..9 --reference " + quoted(reference));
  EXPECT_EQ(ended.status, 130);
  EXPECT_EQ(ended.output, "2 passed, 0 failed\n");
  EXPECT_THAT(ended.errors, HasSubstr("interrupted after 2 of 9"));
}

TEST_F(FuzzCommand, writes_junit) {
  const Ended ended = run_program(
      folder_, "fuzz --format junit --seeds 7 --reference " + quoted(program + " trace"));
  EXPECT_THAT(ended.output, HasSubstr("<testcase classname=\"seeds\" name=\"seed 7\""));
}

TEST(GenerateCommand, makes_the_same_scenarios_again) {
  const TempDir folder;
  run_program(folder, "generate --seeds 1..20 --out first");
  run_program(folder, "generate --seeds 1..20 --out second");
  EXPECT_EQ(std::system(("diff -r " + (folder.path() / "first").string() + " " +
                         (folder.path() / "second").string())
                            .c_str()),
            0);
}

// The same on every platform: a golden of what one seed means.
TEST(GenerateCommand, means_by_a_seed_what_it_always_meant) {
  const TempDir folder;
  run_program(folder, "generate --seeds 4 --profile timers --out .");
  EXPECT_EQ(text_of_file(folder.path() / "4.json"),
            text_of_file(CONTRAIL_CONFORMANCE_DIR "/suite_test/seed_4_of_timers.json"));
}

}  // namespace
}  // namespace contrail::conformance
