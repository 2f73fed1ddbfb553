#include "hooks/trace_events.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "hooks/json_text.h"

namespace contrail::inline v0::hooks {
namespace {

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
void write(std::string& json, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(json), format, std::forward<Args>(args)...);
}

void write_request(std::string& json, const TracedResource& resource) {
  if (resource.request != 0) write(json, R"(,"request":{})", resource.request);
}

}  // namespace

std::string& TraceEvents::next_event() {
  return file_.buffer() += std::exchange(separator_, ",\n");
}

TraceEvents::TraceEvents(const std::filesystem::path& path, const TraceOrigin& origin)
    : file_(path),
      loop_(origin.loop),
      start_(origin.start.time_since_epoch().count()),
      where_(fmt::format(R"("pid":{},"tid":{})", origin.process, origin.thread)) {
  file_.buffer() += R"({"displayTimeUnit":"ns","traceEvents":[)";
  name("process_name", origin.process_name);
  name("thread_name", origin.thread_name);
}

void TraceEvents::name(std::string_view kind, std::string_view name) {
  write(next_event(), R"({{"ph":"M","name":"{}",{},"args":{{"name":{}}}}})", kind, where_,
        json_string(name));
}

void TraceEvents::new_type(std::uint32_t type, std::string_view name) {
  types_.resize(type + 1);
  types_[type] = json_string(name);
}

void TraceEvents::new_site(std::uint32_t site, std::string_view file, unsigned line) {
  sites_.resize(site + 1);
  std::string& json = sites_[site] = R"(,"site":")";
  append_escaped(json, file);
  write(json, ":{}\"", line);
}

void TraceEvents::resource_begins(TraceTime at, TracedResource& resource,
                                  const TraceArguments& arguments) {
  const std::string& type = types_[resource.type];
  write(next_event(),
        R"({{"ph":"b","cat":{},"name":{},"id":"{}:{}","ts":{},{},)"
        R"("args":{{"async_id":{},"trigger_async_id":{}{})",
        type, type, loop_, resource.id, Microseconds{at}, where_, resource.id,
        number(resource.trigger), sites_[resource.site]);
  std::string& json = file_.buffer();
  if (const auto* timer = arguments.timer) {
    write(json, R"(,"delay_ms":{},"repeat":{})", timer->delay.count(), timer->repeat);
  }
  write_request(json, resource);
  if (!arguments.details.empty()) {
    json += R"(,"details":")";
    append_escaped(json, arguments.details);
    json += '"';
  }
  json += "}}";
}

void TraceEvents::resource_resolves(TraceTime at, const TracedResource& resource) {
  write(next_event(), R"({{"ph":"n","cat":{},"name":"resolve","id":"{}:{}","ts":{},{}}})",
        types_[resource.type], loop_, resource.id, Microseconds{at}, where_);
}

void TraceEvents::resource_ends(TraceTime at, const TracedResource& resource) {
  const std::string& type = types_[resource.type];
  write(next_event(), R"({{"ph":"e","cat":{},"name":{},"id":"{}:{}","ts":{},{}}})", type, type,
        loop_, resource.id, Microseconds{at}, where_);
}

void TraceEvents::callback(TraceTime begin, TraceTime end, const TracedCallback& callback) {
  const TracedResource& resource = callback.resource;
  const std::string& type = types_[resource.type];
  write(next_event(),
        R"({{"ph":"X","cat":{},"name":{},"ts":{},"dur":{},{},)"
        R"("args":{{"async_id":{},"trigger_async_id":{}{})",
        type, type, Microseconds{begin}, Microseconds{end - begin}, where_, resource.id,
        number(resource.trigger), sites_[resource.site]);
  write_request(file_.buffer(), resource);
  file_.buffer() += "}}";
}

void TraceEvents::root(TraceTime begin, TraceTime end, std::span<const AsyncId>) {
  write(next_event(), R"({{"ph":"X","cat":"root","name":"root","ts":{},"dur":{},{}}})",
        Microseconds{begin}, Microseconds{end - begin}, where_);
}

/// Both ends bind to the slices they lie in.
void TraceEvents::arrow(TraceTime from, TraceTime to, AsyncId id) {
  const auto end = [&](std::string_view phase, TraceTime at) {
    write(next_event(), R"({{"ph":{},"cat":"trigger","name":"trigger","id":"{}:{}","ts":{},{}}})",
          phase, loop_, id, Microseconds{at}, where_);
  };
  end(R"("s")", from);
  end(R"("f","bp":"e")", to);
}

void TraceEvents::full(TraceTime at) {
  write(next_event(),
        R"({{"ph":"i","s":"g","cat":"trace","name":"no more events: the trace is full",)"
        R"("ts":{},{}}})",
        Microseconds{at}, where_);
}

void TraceEvents::flush(const TraceTotals& totals, bool) {
  file_.flush(
      fmt::format("\n],\"otherData\":"
                  R"({{"recorder":"contrail","monotonic_start_ns":{},)"
                  R"("max_events":{},"dropped_events":{},"dropped_arrows":{}}})"
                  "}}\n",
                  start_, totals.max_events, totals.dropped_events, totals.dropped_arrows));
}

}  // namespace contrail::inline v0::hooks
