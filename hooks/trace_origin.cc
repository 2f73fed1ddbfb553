#include "hooks/trace_origin.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "contrail/event_time.h"
#include "contrail/loop.h"

namespace contrail::inline v0::hooks {
namespace {

long thread_number() {
#ifdef SYS_gettid
  return ::syscall(SYS_gettid);
#else
  return 1;
#endif
}

std::string_view program_name() {
#ifdef __GLIBC__
  return program_invocation_short_name;
#else
  return "contrail";
#endif
}

}  // namespace

TraceOrigin TraceOrigin::here(std::string_view process_name, std::string_view thread_name) {
  return {
      .start = precise_event_time(),
      .process = ::getpid(),
      .thread = thread_number(),
      .loop = Loop::current().number(),
      .process_name = std::string(process_name.empty() ? program_name() : process_name),
      .thread_name = std::string(thread_name),
  };
}

}  // namespace contrail::inline v0::hooks
