// A client of a path that nobody listens to.
#include "contrail/loop.h"
#include "contrail/pipe.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main(int, char** arguments) {
  Loop loop;
  ProgramTrace trace;
  Pipe::connect(arguments[1], [](Result<Pipe>) {});
  loop.run();
  trace.print();
}
