#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "test/conformance/suite/results.h"

// JUnit's XML: a suite for each topic.

namespace contrail::conformance {
namespace {

/// XML has no way to write most control characters, nor what is no UTF-8.
std::string without_the_unspeakable(const std::string& text) {
  using nlohmann::json;
  const std::string dumped = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  auto clean = json::parse(dumped).get<std::string>();
  for (char& c : clean) {
    const bool is_control = static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    if (is_control && c != '\n' && c != '\t') c = '?';
  }
  return clean;
}

std::string escaped(const std::string& text) {
  std::string xml;
  for (const char c : without_the_unspeakable(text)) {
    switch (c) {
      case '&': xml += "&amp;"; break;
      case '<': xml += "&lt;"; break;
      case '>': xml += "&gt;"; break;
      case '"': xml += "&quot;"; break;
      default: xml += c;
    }
  }
  return xml;
}

std::string case_of(const Result& result) {
  std::string xml =
      fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                  escaped(result.topic), escaped(result.name), result.duration.count());
  if (result.verdict == Verdict::passed) return xml + "/>\n";
  if (result.verdict == Verdict::skipped) {
    return xml + fmt::format("><skipped message=\"{}\"/></testcase>\n", escaped(result.account));
  }
  return xml + fmt::format("><failure message=\"{}\">{}</failure></testcase>\n",
                           escaped(result.about), escaped(result.account));
}

struct Suite {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t skipped = 0;
  double seconds = 0;
  std::string cases;
};

std::map<std::string, Suite> suites_of(const Results& results) {
  std::map<std::string, Suite> suites;
  for (const Result& result : results.all()) {
    Suite& suite = suites[result.topic];
    ++suite.tests;
    suite.failures += result.verdict == Verdict::failed || result.verdict == Verdict::broken;
    suite.skipped += result.verdict == Verdict::skipped;
    suite.seconds += result.duration.count();
    suite.cases += case_of(result);
  }
  return suites;
}

}  // namespace

std::string junit_of(const Results& results) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  xml +=
      fmt::format("<testsuites name=\"conformance\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
                  results.all().size(), results.failed(), results.skipped());
  for (const auto& [topic, suite] : suites_of(results)) {
    xml += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n",
        escaped(topic), suite.tests, suite.failures, suite.skipped, suite.seconds);
    xml += suite.cases + "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

}  // namespace contrail::conformance
