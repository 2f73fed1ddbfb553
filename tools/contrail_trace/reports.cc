#include "tools/contrail_trace/reports.h"

namespace contrail::trace {

const std::vector<ReportKind>& report_kinds() {
  static const std::vector<ReportKind> kinds = {
      {"summary", "How much of what happened, what runs and is alive, what took longest", true,
       make_summary},
      {"timeline", "Every event, one line each, indented by callback", false, make_timeline, false,
       true},
      {"groups", "Resources by type and place of creation: how many, how long they waited and ran",
       true, make_groups},
      {"tree", "What caused what, alike resources together", true, make_tree},
      {"dot", "The same as a graph, for graphviz's dot", false, make_dot},
      {"chrome", "JSON for ui.perfetto.dev and chrome://tracing", false, make_chrome},
      {"perfetto", "The same in Perfetto's own format, a quarter of the size", false, make_perfetto,
       true},
  };
  return kinds;
}

std::string_view event_name(FlightEvent event) {
  switch (event) {
    case FlightEvent::init: return "init";
    case FlightEvent::before: return "before";
    case FlightEvent::after: return "after";
    case FlightEvent::destroy: return "destroy";
    case FlightEvent::resolve: return "resolve";
    case FlightEvent::poll_begins: return "poll begins";
    case FlightEvent::poll_ends: return "poll ends";
    case FlightEvent::request: return "request";
    case FlightEvent::enabled: return "recording enabled";
    case FlightEvent::disabled: return "recording disabled";
  }
  return "?";
}

}  // namespace contrail::trace
