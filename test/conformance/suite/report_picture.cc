#include <fmt/core.h>

#include "test/conformance/suite/report_page.h"

namespace contrail::conformance {
namespace {

constexpr int row_height = 22;
constexpr int bar_height = 16;
constexpr int column_width = 118;
constexpr int bar_width = 104;
constexpr int topics_width = 120;
constexpr int heading_height = 64;
constexpr int gap = 40;  ///< Between the two panels.

constexpr const char* good = "#2e8b57";
constexpr const char* bad = "#d9694f";
constexpr const char* ink = "#1d2733";

/// One drawing: elements are added to it, and it is closed at the end.
class Drawing {
 public:
  Drawing(int width, int height)
      : text_(fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
                          "width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" "
                          "font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" "
                          "fill=\"#ffffff\"/>\n",
                          width, height)) {}

  void box(double x, int y, double width, const char* color) {
    if (width <= 0) return;
    text_ +=
        fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>\n", x,
                    y, width, bar_height, color);
  }
  void label(double x, int y, const char* anchor, const char* color, std::string_view words) {
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\" fill=\"{}\">{}</text>\n",
                         x, y, anchor, color, escaped(words));
  }
  std::string close() && { return std::move(text_) + "</svg>\n"; }

 private:
  static std::string escaped(std::string_view words) {
    std::string text;
    for (const char c : words) {
      if (c == '<')
        text += "&lt;";
      else if (c == '&')
        text += "&amp;";
      else
        text += c;
    }
    return text;
  }

  std::string text_;
};

void draw_score(Drawing& drawing, double x, int y, const Score& score) {
  if (score.total() == 0) return;
  const double part = static_cast<double>(score.passed) / static_cast<double>(score.total());
  drawing.box(x, y, bar_width * part, good);
  drawing.box(x + bar_width * part, y, bar_width * (1 - part), bad);
  drawing.label(x + bar_width / 2.0, y + 12, "middle", "#ffffff",
                fmt::format("{}/{}", score.passed, score.total()));
}

void draw_panel(Drawing& drawing, double left, const char* title, Extent extent,
                const std::vector<RuntimeScores>& runtimes) {
  drawing.label(left, 22, "start", ink, title);
  double x = left;
  for (const RuntimeScores& runtime : runtimes) {
    drawing.label(x + bar_width / 2.0, heading_height - 10, "middle", ink, runtime.name);
    int y = heading_height;
    for (const auto& [topic, unused] : runtimes.front().everything) {
      const auto score = runtime.of(extent).find(topic);
      if (score != runtime.of(extent).end()) draw_score(drawing, x, y, score->second);
      y += row_height;
    }
    draw_score(drawing, x, y + row_height / 2, sum_of(runtime.of(extent)));
    x += column_width;
  }
}

}  // namespace

std::string picture_of(const std::vector<RuntimeScores>& runtimes) {
  const auto& topics = runtimes.front().everything;
  const int panel_width = static_cast<int>(runtimes.size()) * column_width;
  const int rows = static_cast<int>(topics.size());
  Drawing drawing(topics_width + 2 * panel_width + gap,
                  heading_height + (rows + 1) * row_height + row_height);
  int y = heading_height;
  for (const auto& [topic, score] : topics) {
    drawing.label(topics_width - 12, y + 12, "end", ink, topic);
    y += row_height;
  }
  drawing.label(topics_width - 12, y + row_height / 2 + 12, "end", ink, "all");
  draw_panel(drawing, topics_width, "Hooks, ids and stores: programs whose trace is Node 26's",
             Extent::everything, runtimes);
  draw_panel(drawing, topics_width + panel_width + gap, "Stores alone", Extent::als_only, runtimes);
  return std::move(drawing).close();
}

}  // namespace contrail::conformance
