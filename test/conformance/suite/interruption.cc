#include "test/conformance/suite/interruption.h"

#include <atomic>
#include <csignal>

namespace contrail::conformance {
namespace {

std::atomic<bool> interrupted = false;

void note_interruption(int) { interrupted = true; }

}  // namespace

void catch_interruptions() {
  struct sigaction action = {};
  action.sa_handler = note_interruption;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool is_interrupted() { return interrupted; }

}  // namespace contrail::conformance
