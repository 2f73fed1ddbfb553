// Messages in one direction; then the side that has received them closes, and with it the other.
#include "contrail/loop.h"
#include "contrail/message_channel.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  MessageChannel<int> channel;
  channel.port1.on_message([](int) {});
  channel.port2.on_message([&](int message) {
    if (message == 3) channel.port2.close();
  });
  for (int message : {1, 2, 3}) channel.port1.post_message(message);
  loop.run();
  trace.print();
}
