#include "hooks/trace_events.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <utility>

#include "contrail/loop.h"
#include "hooks/json_text.h"

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

/// JSON has no room for 2^64 - 1; Node says -1.
std::int64_t number(AsyncId id) {
  return id == unassigned_async_id ? -1 : static_cast<std::int64_t>(id);
}

struct Microseconds {
  TraceTime nanoseconds;
};

}  // namespace
}  // namespace contrail::inline v0::hooks

template <>
struct fmt::formatter<contrail::hooks::Microseconds> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  auto format(contrail::hooks::Microseconds time, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "{}.{:03}", time.nanoseconds / 1000,
                          time.nanoseconds % 1000);
  }
};

namespace contrail::inline v0::hooks {
namespace {

template <class... Args>
void write(TraceFile& file, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(file.next_event()), format, std::forward<Args>(args)...);
}

}  // namespace

TraceEvents::TraceEvents(TraceFile& file, std::string_view process_name,
                         std::string_view thread_name)
    : file_(file),
      loop_(Loop::current().number()),
      where_(fmt::format(R"("pid":{},"tid":{})", ::getpid(), thread_number())) {
  name("process_name", process_name.empty() ? program_name() : process_name);
  name("thread_name", thread_name);
}

void TraceEvents::name(std::string_view kind, std::string_view name) {
  write(file_, R"({{"ph":"M","name":"{}",{},"args":{{"name":{}}}}})", kind, where_,
        json_string(name));
}

void TraceEvents::resource_begins(TraceTime at, AsyncId id, AsyncId trigger,
                                  const std::string& type_name, std::string_view more_arguments) {
  write(file_,
        R"({{"ph":"b","cat":{},"name":{},"id":"{}:{}","ts":{},{},)"
        R"("args":{{"async_id":{},"trigger_async_id":{}{}}}}})",
        type_name, type_name, loop_, id, Microseconds{at}, where_, id, number(trigger),
        more_arguments);
}

void TraceEvents::resource_resolves(TraceTime at, AsyncId id, const std::string& type_name) {
  write(file_, R"({{"ph":"n","cat":{},"name":"resolve","id":"{}:{}","ts":{},{}}})", type_name,
        loop_, id, Microseconds{at}, where_);
}

void TraceEvents::resource_ends(TraceTime at, AsyncId id, const std::string& type_name) {
  write(file_, R"({{"ph":"e","cat":{},"name":{},"id":"{}:{}","ts":{},{}}})", type_name, type_name,
        loop_, id, Microseconds{at}, where_);
}

void TraceEvents::callback(TraceTime begin, TraceTime end, AsyncId id, AsyncId trigger,
                           const std::string& type_name) {
  write(file_,
        R"({{"ph":"X","cat":{},"name":{},"ts":{},"dur":{},{},)"
        R"("args":{{"async_id":{},"trigger_async_id":{}}}}})",
        type_name, type_name, Microseconds{begin}, Microseconds{end - begin}, where_, id,
        number(trigger));
}

void TraceEvents::root(TraceTime begin, TraceTime end) {
  write(file_, R"({{"ph":"X","cat":"root","name":"root","ts":{},"dur":{},{}}})",
        Microseconds{begin}, Microseconds{end - begin}, where_);
}

void TraceEvents::arrow(TraceTime from, TraceTime to, AsyncId id) {
  constexpr std::string_view format =
      R"({{"ph":{},"cat":"trigger","name":"trigger","id":"{}:{}","ts":{},{}}})";
  write(file_, format, R"("s")", loop_, id, Microseconds{from}, where_);
  write(file_, format, R"("f","bp":"e")", loop_, id, Microseconds{to}, where_);
}

void TraceEvents::full(TraceTime at) {
  write(file_,
        R"({{"ph":"i","s":"g","cat":"trace","name":"no more events: the trace is full",)"
        R"("ts":{},{}}})",
        Microseconds{at}, where_);
}

}  // namespace contrail::inline v0::hooks
