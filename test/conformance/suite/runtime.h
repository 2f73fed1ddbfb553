#pragma once

#include <filesystem>
#include <string>

#include "test/conformance/suite/contrail_runtime.h"

namespace contrail::conformance {

/// Something that runs scenarios, each in a process of its own: a crash or a hang is an answer too.
class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual const std::string& name() const = 0;
  /// Called in the child, whose standard output and error are taken: prints the trace and ends the
  /// process.
  [[noreturn]] virtual void run(const std::filesystem::path& file) const = 0;
};

/// This program's contrail. The child is a fork: nothing has to be started.
class ContrailRuntime : public Runtime {
 public:
  explicit ContrailRuntime(RuntimeOptions options) : options_(options) {}
  const std::string& name() const override { return name_; }
  [[noreturn]] void run(const std::filesystem::path& file) const override;

 private:
  const std::string name_ = "contrail";
  const RuntimeOptions options_;
};

/// A driver: a command, for the shell, that gets the scenario's file as its last argument.
class DriverRuntime : public Runtime {
 public:
  explicit DriverRuntime(std::string command) : DriverRuntime(command, command) {}
  DriverRuntime(std::string name, std::string command)
      : name_(std::move(name)), command_(std::move(command)) {}
  const std::string& name() const override { return name_; }
  [[noreturn]] void run(const std::filesystem::path& file) const override;

 private:
  const std::string name_;
  const std::string command_;
};

}  // namespace contrail::conformance
