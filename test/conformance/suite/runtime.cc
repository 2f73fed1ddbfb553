#include "test/conformance/suite/runtime.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "test/conformance/suite/scenario_reader.h"
#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {

// Ends with exit(), so that what a sanitizer finds at the end is found, and coverage is counted.
void ContrailRuntime::run(const std::filesystem::path& file) const {
  int status = 0;
  try {
    const Scenario scenario = parse_scenario(read_text(file), file.string());
    fmt::print("{}", run_on_contrail(scenario, options_));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    status = 1;
  }
  std::exit(status);
}

void DriverRuntime::run(const std::filesystem::path& file) const {
  const std::string line = command_ + " \"$1\"";
  execl("/bin/sh", "sh", "-c", line.c_str(), "sh", file.c_str(), nullptr);
  std::perror("/bin/sh");
  _exit(127);
}

}  // namespace contrail::conformance
