#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <stdexcept>

namespace contrail::conformance {

enum ExitStatus { success = 0, difference = 1, bad_input = 2, interrupted = 130 };

/// What was given cannot be used, whatever the runtimes do: one line for the user, exit status 2.
struct BadInput : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A subcommand: a file and an entry in main.cc's list. Its constructor adds its options to the
/// program's, and run() is called once they are filled in.
class Command {
 public:
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command() = default;

  bool is_chosen() const { return options_.parsed(); }
  virtual int run() = 0;

 protected:
  Command(CLI::App& program, const char* name, const char* about)
      : options_(*program.add_subcommand(name, about)) {}
  CLI::App& options() { return options_; }

 private:
  CLI::App& options_;
};

}  // namespace contrail::conformance
