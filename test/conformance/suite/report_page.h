#pragma once

#include <string>
#include <vector>

#include "test/conformance/suite/scores.h"

namespace contrail::conformance {

struct ReportPage {
  std::string reference;  ///< Who left the recorded traces: "node v26.10.0".
  std::string picture;    ///< Where the page finds the picture; empty if there is none.
};

/// The report as Markdown: a table of topics and runtimes for each extent, then for each topic in
/// which a runtime differs the shortest scenario that shows it.
std::string markdown_of(const std::vector<RuntimeScores>& runtimes, const ReportPage& page);

/// The report as a picture: SVG.
std::string picture_of(const std::vector<RuntimeScores>& runtimes);

}  // namespace contrail::conformance
