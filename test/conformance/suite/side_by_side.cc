#include "test/conformance/suite/side_by_side.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace contrail::conformance {
namespace {

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// For each pair of beginnings, how many lines what follows shares at most.
class SharedLines {
 public:
  SharedLines(const Lines& left, const Lines& right)
      : width_(right.size() + 1), counts_((left.size() + 1) * width_) {
    for (std::size_t i = left.size(); i-- > 0;) {
      for (std::size_t j = right.size(); j-- > 0;) {
        at(i, j) =
            left[i] == right[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }
  std::size_t& at(std::size_t i, std::size_t j) { return counts_[i * width_ + j]; }

 private:
  std::size_t width_;
  std::vector<std::size_t> counts_;
};

class Table {
 public:
  explicit Table(std::size_t width) : width_(width) {}

  void add(char mark, std::string_view left, std::string_view right) {
    std::string row = fmt::format("{} {:<{}} | {}", mark, left, width_, right);
    row.erase(row.find_last_not_of(' ') + 1);
    text_ += row + '\n';
  }
  const std::string& text() const { return text_; }

 private:
  const std::size_t width_;
  std::string text_;
};

std::size_t width_of(std::string_view name, const Lines& lines) {
  std::size_t width = name.size();
  for (const std::string_view line : lines) width = std::max(width, line.size());
  return std::min<std::size_t>(width, 60);
}

/// Lines that only one side has stand beside each other as long as there are some on both.
void add_difference(Table& table, const Lines& left, const Lines& right) {
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    table.add('!', i < left.size() ? left[i] : "", i < right.size() ? right[i] : "");
  }
}

}  // namespace

std::string side_by_side(std::string_view left_name, std::string_view left_text,
                         std::string_view right_name, std::string_view right_text) {
  constexpr std::size_t lines_max = 2000;  // the table of shared lines grows with the square
  Lines left = lines_of(left_text);
  Lines right = lines_of(right_text);
  const bool is_cut = left.size() > lines_max || right.size() > lines_max;
  left.resize(std::min(left.size(), lines_max));
  right.resize(std::min(right.size(), lines_max));
  SharedLines shared(left, right);
  Table table(width_of(left_name, left));
  table.add(' ', left_name, right_name);
  Lines only_left;
  Lines only_right;
  const auto add_pending = [&] {
    add_difference(table, only_left, only_right);
    only_left.clear();
    only_right.clear();
  };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < left.size() || j < right.size()) {
    if (i < left.size() && j < right.size() && left[i] == right[j]) {
      add_pending();
      table.add(' ', left[i++], right[j++]);
    } else if (j == right.size() ||
               (i < left.size() && shared.at(i + 1, j) >= shared.at(i, j + 1))) {
      only_left.push_back(left[i++]);
    } else {
      only_right.push_back(right[j++]);
    }
  }
  add_pending();
  return table.text() + (is_cut ? "  ... and so on\n" : "");
}

}  // namespace contrail::conformance
