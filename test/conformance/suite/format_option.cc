#include "test/conformance/suite/format_option.h"

#include <CLI/Error.hpp>
#include <CLI/Option.hpp>
#include <string>

namespace contrail::conformance {
namespace {

Format format_called(const std::string& name) {
  if (name == "text") return Format::text;
  if (name == "json") return Format::json;
  if (name == "junit") return Format::junit;
  throw CLI::ValidationError("--format", "\"" + name + "\" is not text, json or junit");
}

}  // namespace

void add_format_option(CLI::App& options, Format& format) {
  const auto choose = [&format](const std::string& name) { format = format_called(name); };
  options
      .add_option_function<std::string>(
          "--format", choose, "How results are printed: text (the default), json or junit")
      ->type_name("FORMAT");
}

}  // namespace contrail::conformance
