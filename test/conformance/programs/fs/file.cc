// A file that is opened, read, looked at and closed.
#include "contrail/file.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

Promise<> program() {
  File file = co_await File::open("/etc/passwd");
  co_await file.read_at(0, 4);
  co_await file.stat();
  co_await file.close();
}

}  // namespace

int main() {
  Loop loop;
  ProgramTrace trace;
  program().detach();
  loop.run();
  trace.print();
}
