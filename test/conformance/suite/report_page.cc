#include "test/conformance/suite/report_page.h"

#include <fmt/core.h>

#include <string_view>

namespace contrail::conformance {
namespace {

constexpr std::size_t lines_shown = 40;

constexpr const char* introduction = R"(# Conformance

The same {} small programs, run by several runtimes. A program counts for a runtime if its trace is,
byte for byte, the one recorded from {}. Written by `contrail-conformance report`;
[what a scenario is](../test/conformance/README.md).

)";

constexpr const char* about_everything = R"(## Hooks, ids and stores

Every line counts: which hook saw which event of which resource, in which order, with which ids, and
what each AsyncLocalStorage held.

)";

constexpr const char* about_als_only = R"(## Stores alone

What a runtime can show that has AsyncLocalStorage but no hooks: hook events and ids are left out of
the traces, and so are programs on which hooks act.

)";

constexpr const char* about_differences = R"(## Where a runtime differs

For each topic in which it does, the shortest program that shows it: in its stores, if they differ,
or else in hook events and ids.

)";

std::string cell(const Score& score) {
  if (score.total() == 0) return "";
  const std::string counts = fmt::format("{}/{}", score.passed, score.total());
  return score.failed == 0 ? counts : "**" + counts + "**";
}

/// A topic's score; nothing of it counts if it is not there.
Score score_of(const RuntimeScores& runtime, const std::string& topic, Extent extent) {
  const auto& topics = runtime.of(extent);
  const auto found = topics.find(topic);
  return found == topics.end() ? Score() : found->second;
}

std::string table(const std::vector<RuntimeScores>& runtimes, Extent extent) {
  std::string text = "| topic |";
  std::string rule = "|---|";
  std::string sums = "| all |";
  for (const RuntimeScores& runtime : runtimes) {
    text += fmt::format(" {} |", runtime.name);
    rule += "--:|";
    sums += fmt::format(" {} |", cell(sum_of(runtime.of(extent))));
  }
  text += "\n" + rule + "\n";
  for (const auto& [topic, score] : runtimes.front().of(extent)) {
    text += fmt::format("| {} |", topic);
    for (const RuntimeScores& runtime : runtimes) {
      text += fmt::format(" {} |", cell(score_of(runtime, topic, extent)));
    }
    text += "\n";
  }
  return text + sums + "\n\n";
}

/// A trace may go on and on: its beginning shows the difference.
std::string beginning(std::string_view text) {
  std::size_t end = 0;
  for (std::size_t line = 0; line < lines_shown && end < text.size(); ++line) {
    const std::size_t newline = text.find('\n', end);
    end = newline == std::string_view::npos ? text.size() : newline + 1;
  }
  return std::string(text.substr(0, end)) + (end < text.size() ? "...\n" : "");
}

std::string example(const std::string& topic, const Score& score) {
  const Example& shown = *score.shortest;
  return fmt::format(
      "<details><summary>{}: {} of {} differ. {}/{}: {}</summary>\n\n"
      "```json\n{}```\n\n```text\n{}```\n\n</details>\n",
      topic, score.failed, score.total(), topic, shown.name, shown.about, shown.scenario,
      beginning(shown.account));
}

std::string differences(const RuntimeScores& runtime) {
  std::string text;
  for (const auto& [topic, score] : runtime.everything) {
    const Score als_only = score_of(runtime, topic, Extent::als_only);
    if (als_only.shortest) {
      text += example(topic, als_only);
    } else if (score.shortest) {
      text += example(topic, score);
    }
  }
  return text.empty() ? "" : fmt::format("### {}\n\n{}\n", runtime.name, text);
}

}  // namespace

std::string markdown_of(const std::vector<RuntimeScores>& runtimes, const ReportPage& page) {
  const std::size_t programs = sum_of(runtimes.front().everything).total();
  std::string text = fmt::format(introduction, programs, page.reference);
  if (!page.picture.empty()) {
    text += fmt::format("![Each topic and runtime as a bar: how much of it agrees]({})\n\n",
                        page.picture);
  }
  text += about_everything + table(runtimes, Extent::everything);
  text += about_als_only + table(runtimes, Extent::als_only);
  std::string examples;
  for (const RuntimeScores& runtime : runtimes) examples += differences(runtime);
  if (!examples.empty()) text += about_differences + examples;
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace contrail::conformance
