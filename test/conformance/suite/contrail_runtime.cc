#include "test/conformance/suite/contrail_runtime.h"

#include "contrail/loop.h"
#include "contrail/testing/fake_clock.h"
#include "test/conformance/suite/interpreter.h"

namespace contrail::conformance {

std::string run_on_contrail(const Scenario& scenario, RuntimeOptions options) {
  Trace trace(options.prints_collected);
  Loop loop;
  Interpreter interpreter(scenario, trace);
  loop.on_uncaught_exception([&](std::exception_ptr error, ExceptionOrigin origin) {
    interpreter.on_uncaught(std::move(error), origin);
  });
  if (scenario.on_unhandled) {
    loop.on_unhandled_rejection(
        [&](std::exception_ptr error, AsyncId) { interpreter.on_unhandled(std::move(error)); });
  }
  auto perform_main = [&] {
    trace.name_main();
    interpreter.perform(scenario.main);
  };
  set_immediate([&] { set_immediate(perform_main); });
  if (options.real_time) {
    loop.run();
  } else {
    testing::FakeClock().run_until_idle();
  }
  // What was made for the scenario dies after this, and is not part of the trace.
  return trace.text();
}

}  // namespace contrail::conformance
