#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "temp_dir.h"

namespace contrail::conformance {

inline const std::string program = CONTRAIL_CONFORMANCE_PROGRAM;
inline const std::string scenarios = CONTRAIL_CONFORMANCE_DIR "/scenarios";

struct Ended {
  int status;
  std::string output;
  std::string errors;
};

inline std::string text_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Runs contrail-conformance in the folder, with arguments as the shell reads them.
inline Ended run_program(const TempDir& folder, const std::string& arguments) {
  const auto output = folder.path() / "stdout";
  const auto errors = folder.path() / "stderr";
  const std::string command = "cd " + folder.path().string() + " && " + program + " " + arguments +
                              " >" + output.string() + " 2>" + errors.string();
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of_file(output), text_of_file(errors)};
}

/// A driver that takes contrail's trace and passes it through sed.
inline std::string driver_that_edits(const TempDir& folder, std::string_view edit) {
  const std::string script =
      "#!/bin/sh\n" + program + " trace \"$1\" | sed '" + std::string(edit) + "'\n";
  return "sh " + folder.file("driver.sh", script).string();
}

}  // namespace contrail::conformance
