// Operations on files, one from the callback of the other.
#include "contrail/fs.h"
#include "contrail/loop.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  fs::read_file("/etc/passwd", [](auto) {
    fs::stat("/", [](auto) {
      fs::read_file("/nowhere", [](auto) { fs::stat("/nowhere", [](auto) {}); });
    });
  });
  loop.run();
  trace.print();
}
