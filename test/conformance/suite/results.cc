#include "test/conformance/suite/results.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "test/conformance/suite/command.h"

namespace contrail::conformance {
namespace {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::failed: return "failed";
    case Verdict::broken: return "broken";
    case Verdict::skipped: return "skipped";
  }
  return "";
}

struct Counts {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
};

std::map<std::string, Counts> counts_by_topic(const Results& results) {
  std::map<std::string, Counts> topics;
  for (const Result& result : results.all()) {
    Counts& counts = topics[result.topic];
    const bool is_skipped = result.verdict == Verdict::skipped;
    const bool is_passed = result.verdict == Verdict::passed;
    ++(is_skipped ? counts.skipped : is_passed ? counts.passed : counts.failed);
  }
  return topics;
}

}  // namespace

void Results::add(Result result) { all_.push_back(std::move(result)); }

std::size_t Results::count(Verdict verdict) const noexcept {
  return static_cast<std::size_t>(std::count_if(
      all_.begin(), all_.end(), [&](const Result& result) { return result.verdict == verdict; }));
}

int Results::exit_status() const noexcept {
  if (broken() > 0) return ExitStatus::bad_input;
  return failed() > 0 ? ExitStatus::difference : ExitStatus::success;
}

std::string Results::summary() const {
  return fmt::format("{} passed, {} failed", passed(), failed());
}

std::string table_of(const Results& results) {
  const auto topics = counts_by_topic(results);
  std::size_t width = std::string_view("topic").size();
  for (const auto& [topic, counts] : topics) width = std::max(width, topic.size());
  const bool shows_skipped = results.skipped() > 0;
  std::string table =
      fmt::format("{:<{}}  passed  failed{}\n", "topic", width, shows_skipped ? "  skipped" : "");
  for (const auto& [topic, counts] : topics) {
    table += fmt::format("{:<{}}  {:>6}  {:>6}", topic, width, counts.passed, counts.failed);
    table += shows_skipped ? fmt::format("  {:>7}\n", counts.skipped) : "\n";
  }
  return table;
}

std::string account_of(const Result& result) {
  std::string account = fmt::format("{}/{} {}", result.topic, result.name,
                                    result.verdict == Verdict::broken ? "is broken" : "failed");
  if (!result.about.empty()) account += ": " + result.about;
  return account + "\n" + result.account + "\n";
}

std::string json_of(const Results& results) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const Result& result : results.all()) {
    Json entry = {{"topic", result.topic},
                  {"name", result.name},
                  {"about", result.about},
                  {"verdict", name_of(result.verdict)},
                  {"seconds", result.duration.count()}};
    if (!result.account.empty()) entry["account"] = result.account;
    list.push_back(std::move(entry));
  }
  const Json document = {{"passed", results.passed()},
                         {"failed", results.failed()},
                         {"skipped", results.skipped()},
                         {"scenarios", std::move(list)}};
  // What a crashing driver printed may be no UTF-8.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace contrail::conformance
