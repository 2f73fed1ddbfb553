#include "contrail/testing/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

namespace contrail::inline v0::testing {
namespace {

/// A word of a line. An id is a type and what tells it from others of that type.
struct Word {
  std::string_view text;
  std::string_view type = {};  ///< With the : or # it ends in; empty if this is no id.
};

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }

std::string_view type_in(std::string_view word) {
  if (word.size() > 1 && word.front() == '#') return word.substr(0, 1);
  const std::size_t colon = word.rfind(':');
  const bool is_id = colon != word.npos && colon + 1 < word.size() && is_letter(word.front());
  return is_id ? word.substr(0, colon + 1) : std::string_view();
}

/// The line in pieces that make it up again: words, and what separates them.
std::vector<Word> split(std::string_view line) {
  static constexpr std::string_view separators = " \t,()[]=";
  std::vector<Word> words;
  while (!line.empty()) {
    std::size_t length = std::min(line.find_first_of(separators), line.size());
    if (length == 0) {
      length = std::min(line.find_first_not_of(separators), line.size());
      words.push_back({line.substr(0, length)});
    } else {
      words.push_back({line.substr(0, length), type_in(line.substr(0, length))});
    }
    line.remove_prefix(length);
  }
  return words;
}

/// The line with each id replaced by rename(id).
template <class F>
std::string with_ids(std::string_view line, F&& rename) {
  std::string text;
  for (const Word& word : split(line)) {
    if (word.type.empty()) {
      text += word.text;
    } else {
      text += rename(word);
    }
  }
  return text;
}

/// What remains of a line if one does not look at who is who.
std::string shape_of(std::string_view line) {
  return with_ids(line, [](const Word& id) { return id.type; });
}

std::vector<std::string> shapes_of(const Trace& trace) {
  std::vector<std::string> shapes;
  for (const std::string& line : trace.lines()) shapes.push_back(shape_of(line));
  return shapes;
}

/// lengths[a][b]: how many lines the rest of one from a on and of the other from b on have in
/// common, in order.
using Lengths = std::vector<std::vector<std::size_t>>;

Lengths common_lengths(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  Lengths lengths(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      lengths[i][j] =
          a[i] == b[j] ? lengths[i + 1][j + 1] + 1 : std::max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/// Which id of one trace stands for which of the other.
class Pairs {
 public:
  /// Pairs the ids of two lines of one shape. False, and nothing paired, if one of them already
  /// stands for another.
  bool pair(std::string_view expected, std::string_view actual) {
    const std::vector<Word> ours = split(expected);
    const std::vector<Word> theirs = split(actual);
    Pairs result = *this;
    for (std::size_t at = 0; at < ours.size(); ++at) {
      if (!ours[at].type.empty() && !result.pair_ids(ours[at].text, theirs[at].text)) return false;
    }
    *this = std::move(result);
    return true;
  }

  /// A line of the actual trace in the words of the expected one.
  std::string translate(std::string_view actual) const {
    return with_ids(actual, [this](const Word& id) {
      if (const auto found = expected_.find(id.text); found != expected_.end()) {
        return std::string(found->second);
      }
      return std::string(id.text) + (actual_.contains(id.text) ? "*" : "");
    });
  }

 private:
  bool pair_ids(std::string_view expected, std::string_view actual) {
    const auto ours = actual_.emplace(expected, actual).first;
    const auto theirs = expected_.emplace(actual, expected).first;
    return ours->second == actual && theirs->second == expected;
  }

  std::map<std::string_view, std::string_view> actual_;    ///< By the expected id.
  std::map<std::string_view, std::string_view> expected_;  ///< By the actual one.
};

}  // namespace

Trace::Trace(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    add(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Trace& Trace::add(std::string_view line) {
  static constexpr std::string_view space = " \t\r";
  const std::size_t begin = line.find_first_not_of(space);
  if (begin == line.npos) return *this;
  lines_.emplace_back(line.substr(begin, line.find_last_not_of(space) - begin + 1));
  return *this;
}

std::string Trace::text() const {
  std::string text;
  for (const std::string& line : lines_) text += line + '\n';
  return text;
}

Trace Trace::canonical() const {
  std::map<std::string_view, std::string> names;
  std::map<std::string_view, std::size_t> of_type;
  Trace canonical;
  for (const std::string& line : lines_) {
    canonical.lines_.push_back(with_ids(line, [&](const Word& id) -> const std::string& {
      const auto [found, is_new] = names.try_emplace(id.text);
      if (is_new) found->second = fmt::format("{}{}", id.type, ++of_type[id.type]);
      return found->second;
    }));
  }
  return canonical;
}

std::string diff(const Trace& expected, const Trace& actual) {
  if (expected == actual) return {};
  const std::vector<std::string> ours = shapes_of(expected);
  const std::vector<std::string> theirs = shapes_of(actual);
  const Lengths common = common_lengths(ours, theirs);
  Pairs pairs;
  std::string text;
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < ours.size() || b < theirs.size()) {
    const bool both = a < ours.size() && b < theirs.size();
    if (both && ours[a] == theirs[b] && common[a][b] == common[a + 1][b + 1] + 1) {
      const std::string& line = expected.lines()[a++];
      const std::string& other = actual.lines()[b++];
      if (pairs.pair(line, other)) {
        text += "  " + line + '\n';
      } else {
        text += "- " + line + "\n+ " + pairs.translate(other) + '\n';
      }
    } else if (b == theirs.size() || (a < ours.size() && common[a + 1][b] >= common[a][b + 1])) {
      text += "- " + expected.lines()[a++] + '\n';
    } else {
      text += "+ " + pairs.translate(actual.lines()[b++]) + '\n';
    }
  }
  return text;
}

}  // namespace contrail::inline v0::testing
