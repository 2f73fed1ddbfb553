// Messages in one direction; then the side that has received them closes, and with it the other.
#include "contrail/loop.h"
#include "contrail/message_channel.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  MessageChannel<int> channel;
  channel.first.on_message([](int) {});
  channel.second.on_message([&](int message) {
    if (message == 3) channel.second.close();
  });
  for (int message : {1, 2, 3}) channel.first.post_message(message);
  loop.run();
  trace.print();
}
