// contrail-trace: what a flight recording says. Each report is a file of its own; here is only the
// command line.

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "contrail/version.h"
#include "tools/contrail_trace/progress.h"
#include "tools/contrail_trace/reports.h"

namespace {

using namespace contrail::trace;

enum ExitStatus { all_well = 0, failed = 1, bad_usage = 2, damaged = 3 };

constexpr const char* about = "Reads what a contrail::hooks::FlightRecorder has recorded.";

constexpr const char* footer =
    R"(The recording may be cut off, damaged, or being written at this moment: what is whole is
used, and stderr says what is not, and where.

Exit status: 0 if all is well, 1 if something could not be read or written, 2 if the command line
is bad, 3 if the recording is damaged or none.

Examples:
  contrail-trace summary server.flight
  contrail-trace timeline server.flight --since 200ms
  contrail-trace timeline server.flight --request 4711
  contrail-trace timeline server.flight --utc                      # to compare with a log
  contrail-trace groups server.flight --type TCPWRAP --type Timeout --json
  contrail-trace chrome server.flight --since 2s -o trace.json     # for ui.perfetto.dev
  contrail-trace perfetto server.flight -o server.pftrace          # the same, smaller
  contrail-trace dot server.flight | dot -Tsvg > causes.svg)";

struct Options {
  std::string file;
  std::string output;
  std::vector<std::string> types;
  std::string request;
  std::string since;
  std::string until;
  bool json = false;
  bool utc = false;
};

std::optional<std::uint64_t> parse_number(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

void add_options(CLI::App& command, const ReportKind& kind, Options& options) {
  const auto duration = [](const std::string& text) {
    return parse_duration(text) ? "" : text + " is no duration like 500ms, 1.5s or 2m";
  };
  const auto number = [](const std::string& text) {
    return parse_number(text) ? "" : text + " is no number of a request";
  };
  command.add_option("FILE", options.file, "The recording")->required();
  command.add_option("-o,--output", options.output, "Write to this file, not to standard output");
  command.add_option("--type", options.types, "Only resources of this type; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--request", options.request, "Only what belongs to the request of this number")
      ->check(number);
  command.add_option("--since", options.since, "Only what happened less than this before the end")
      ->check(duration);
  command.add_option("--until", options.until, "Only what happened more than this before the end")
      ->check(duration);
  if (kind.has_json) command.add_flag("--json", options.json, "The same as JSON");
  if (kind.has_utc) command.add_flag("--utc", options.utc, "Times of day, by UTC");
}

std::optional<std::int64_t> duration_of(const std::string& text) {
  return text.empty() ? std::nullopt : parse_duration(text);
}

void complain(std::string_view message) { fmt::print(stderr, "contrail-trace: {}\n", message); }

int report_damages(const Recording& recording, const std::string& file) {
  for (const Damage& damage : recording.damages()) {
    complain(fmt::format("{}: byte {}: {}", file, damage.offset, damage.what));
  }
  const std::uint64_t more = recording.damage_count() - recording.damages().size();
  if (more > 0) complain(fmt::format("{}: and {} more of the like", file, more));
  if (recording.overtaken() > 0) {
    complain(fmt::format("{}: {} records were overwritten while the file was read or copied", file,
                         recording.overtaken()));
  }
  return recording.damage_count() > 0 ? damaged : all_well;
}

/// Each type that is misspelt, or else all that was asked for.
void report_mismatch(const Recording& recording, const Replay& replay, const Options& options) {
  const auto is_unknown = [&](const std::string& type) {
    const auto& groups = recording.groups();
    return std::none_of(groups.begin(), groups.end(),
                        [&](const Group& group) { return group.type == type; });
  };
  std::string unknown, asked;
  const auto add = [](std::string& to, std::string_view option, std::string_view value) {
    if (!value.empty()) to += fmt::format(" {} {}", option, value);
  };
  for (const std::string& type : options.types) {
    add(asked, "--type", type);
    if (is_unknown(type)) add(unknown, "--type", type);
  }
  add(asked, "--request", options.request);
  add(asked, "--since", options.since);
  add(asked, "--until", options.until);
  if (!unknown.empty()) {
    complain("nothing matches:" + unknown);
  } else if (!replay.has_shown() && !asked.empty()) {
    complain("nothing matches:" + asked);
  }
}

/// Empty if the command line begins as it should.
std::string unknown_subcommand(int argc, char** argv) {
  if (argc < 2 || *argv[1] == '-') return "";
  std::string known;
  for (const ReportKind& kind : report_kinds()) {
    if (kind.name == argv[1]) return "";
    known += fmt::format("{}{}", known.empty() ? "" : ", ", kind.name);
  }
  return fmt::format("there is no subcommand {}, but {} (see --help)", argv[1], known);
}

int run(const ReportKind& kind, const Options& options) {
  std::error_code ignored;
  if (std::filesystem::equivalent(options.file, options.output, ignored)) {
    complain("the output would overwrite the recording");
    return bad_usage;
  }
  if (kind.is_binary && options.output.empty() && ::isatty(STDOUT_FILENO)) {
    complain("this is nothing for a terminal: give a file by -o");
    return bad_usage;
  }
  Recording recording(options.file);
  const Filter filter({.types = options.types,
                       .request = parse_number(options.request),
                       .since = duration_of(options.since),
                       .until = duration_of(options.until)},
                      recording);
  Output out(options.output);
  const auto report = kind.make({recording, out, options.json, recording.end_time(), options.utc});
  Replay replay(filter, *report);
  {
    Progress progress(recording.records());
    recording.read([&](const FlightRecord& record) { replay.next(record); },
                   [&](std::uint64_t passed) { progress.turn(passed); });
  }
  replay.finish();
  out.flush();
  report_mismatch(recording, replay, options);
  return report_damages(recording, options.file);
}

}  // namespace

int main(int argc, char** argv) {
  if (const std::string wrong = unknown_subcommand(argc, argv); !wrong.empty()) {
    complain(wrong);
    return bad_usage;
  }
  CLI::App program(about, "contrail-trace");
  program.require_subcommand(1);
  program.set_version_flag("--version", std::string(contrail::version));
  program.footer(footer);
  Options options;
  std::vector<std::pair<CLI::App*, const ReportKind*>> commands;
  for (const ReportKind& kind : report_kinds()) {
    CLI::App* command =
        program.add_subcommand(std::string(kind.name), std::string(kind.description));
    add_options(*command, kind, options);
    commands.emplace_back(command, &kind);
  }
  try {
    program.parse(argc, argv);
    for (const auto& [command, kind] : commands) {
      if (command->parsed()) return run(*kind, options);
    }
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // Help is no error.
    complain(fmt::format("{} (see --help)", error.what()));
    return bad_usage;
  } catch (const BadRecording& error) {
    complain(fmt::format("{}: {}", options.file, error.what()));
    return damaged;
  } catch (const std::exception& error) {
    complain(error.what());
    return failed;
  }
  return bad_usage;
}
