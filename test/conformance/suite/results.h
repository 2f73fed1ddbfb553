#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace contrail::conformance {

enum class Verdict {
  passed,
  failed,
  broken,   ///< The scenario or its recorded trace cannot be used; counts as failed.
  skipped,  ///< Says nothing about this runtime.
};

struct Result {
  std::string topic;
  std::string name;
  std::string about;
  Verdict verdict = Verdict::passed;
  std::string account;  ///< Of what failed, lines of text; or why it was skipped.
  std::chrono::duration<double> duration{};
};

class Results {
 public:
  void add(Result result);

  const std::vector<Result>& all() const noexcept { return all_; }
  std::size_t passed() const noexcept { return count(Verdict::passed); }
  std::size_t failed() const noexcept { return count(Verdict::failed) + broken(); }
  std::size_t broken() const noexcept { return count(Verdict::broken); }
  std::size_t skipped() const noexcept { return count(Verdict::skipped); }
  int exit_status() const noexcept;
  /// "12 passed, 1 failed"
  std::string summary() const;

 private:
  std::size_t count(Verdict verdict) const noexcept;

  std::vector<Result> all_;
};

enum class Format { text, json, junit };

/// Counts by topic.
std::string table_of(const Results& results);
/// One failure, as it is shown in text.
std::string account_of(const Result& result);
std::string json_of(const Results& results);
/// JUnit's XML, which CI systems read.
std::string junit_of(const Results& results);

}  // namespace contrail::conformance
