// A child without pipes, and one that cannot be started.
#include "contrail/loop.h"
#include "contrail/process.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  const ProcessOptions ignored{.standard_output = ChildStdio::ignore,
                               .standard_error = ChildStdio::ignore};
  Process::spawn("true", {}, ignored).on_exit([&](ExitStatus) {
    try {
      Process::spawn("/nowhere", {}, ignored);
    } catch (const Error&) {
    }
  });
  loop.run();
  trace.print();
}
