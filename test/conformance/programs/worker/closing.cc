// The side that has sent closes; the other does once it has received everything.
#include "contrail/loop.h"
#include "contrail/message_channel.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  MessageChannel<int> channel;
  channel.port2.on_message([](int) {});
  for (int message : {1, 2}) channel.port1.post_message(message);
  channel.port1.close();
  loop.run();
  trace.print();
}
