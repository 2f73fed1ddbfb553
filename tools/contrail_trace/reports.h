#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/contrail_trace/output.h"
#include "tools/contrail_trace/recording.h"
#include "tools/contrail_trace/replay.h"

namespace contrail::trace {

/// What a report is made from, and where it goes.
struct ReportContext {
  const Recording& recording;
  Output& out;
  bool json;
  std::int64_t end;  ///< When the recording ends.
  bool utc = false;  ///< Times of the day, not those left until the end.
};

/// One subcommand. A new format is a file with a Report, a line here and one in reports.cc.
struct ReportKind {
  std::string_view name;
  std::string_view description;
  bool has_json;
  std::unique_ptr<Report> (*make)(const ReportContext&);
  bool is_binary = false;  ///< Nothing for a terminal.
  bool has_utc = false;
};

const std::vector<ReportKind>& report_kinds();

std::unique_ptr<Report> make_summary(const ReportContext& context);
std::unique_ptr<Report> make_tree(const ReportContext& context);
std::unique_ptr<Report> make_groups(const ReportContext& context);
std::unique_ptr<Report> make_timeline(const ReportContext& context);
std::unique_ptr<Report> make_chrome(const ReportContext& context);
std::unique_ptr<Report> make_perfetto(const ReportContext& context);
std::unique_ptr<Report> make_dot(const ReportContext& context);

/// "before"
std::string_view event_name(FlightEvent event);

}  // namespace contrail::trace
