// The Trace Event Format: resources as asynchronous slices, callbacks as slices of the thread, an
// arrow from the callback that made a resource to the resource's first one.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "hooks/json_text.h"
#include "tools/contrail_trace/reports.h"

namespace contrail::trace {
namespace {

class Chrome : public Report {
 public:
  explicit Chrome(const ReportContext& context)
      : context_(context),
        where_(fmt::format(R"("pid":{},"tid":{})", context.recording.header().process,
                           context.recording.header().loop)) {
    for (const Group& group : context.recording.groups()) {
      types_.push_back(hooks::json_string(group.type));
      sites_.push_back(group.file.empty()
                           ? "null"
                           : hooks::json_string(fmt::format("{}:{}", group.file, group.line)));
    }
    context_.out.print("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    name("process_name", context.recording.program_name());
    name("thread_name", fmt::format("loop {}", context.recording.header().loop));
  }

  void event(const Event& event, bool shown, Life* subject, const Life*, std::size_t) override {
    if (event.event == FlightEvent::init) {
      subject->mark = shown;
      if (shown) begin(event);
    }
    // Those that ended while they were not asked for end there all the same.
    if (event.event == FlightEvent::destroy && subject && std::exchange(subject->mark, 0)) {
      finish(event.id, event.group, event.time);
    }
    if (!shown) return;
    if (event.event == FlightEvent::resolve && subject && subject->mark) resolve(event);
    if (event.event == FlightEvent::poll_begins) wait_began_ = event.time;
    if (event.event == FlightEvent::poll_ends && wait_began_ != never) {
      entry(R"("ph":"X","cat":"loop","name":"wait","ts":{},"dur":{})", at(wait_began_),
            microseconds(event.time - wait_began_));
      wait_began_ = never;
    }
  }

  void callback(const Callback& callback) override {
    entry(R"("ph":"X","cat":{0},"name":{0},"ts":{1},"dur":{2},)"
          R"("args":{{"async_id":{3},"site":{4},"request":{5}}})",
          types_[callback.group], at(callback.begin), microseconds(callback.end - callback.begin),
          callback.id, sites_[callback.group], callback.request);
    const Life* life = callback.first_of;
    if (!life || !life->made_in_callback) return;
    constexpr auto format = R"("ph":"{}","bp":"e","cat":"trigger","name":"trigger",)"
                            R"("id":"{}:{}","ts":{})";
    entry(format, 's', loop(), callback.id, at(life->made));
    entry(format, 'f', loop(), callback.id, at(callback.begin));
  }

  void end(const Ending& ending) override {
    for (const auto& [id, life] : ending.living) {
      if (life.mark) finish(id, life.group, context_.recording.known_until());
    }
    context_.out.print("\n]}}\n");
  }

 private:
  static constexpr std::int64_t never = -1;

  static std::string microseconds(std::int64_t time) {
    const auto bits = static_cast<std::uint64_t>(time);
    const std::uint64_t size = time < 0 ? 0 - bits : bits;
    return fmt::format("{}{}.{:03}", time < 0 ? "-" : "", size / 1000, size % 1000);
  }
  /// Since the recorder was made.
  std::string at(std::int64_t time) const {
    return microseconds(time - context_.recording.header().steady_start);
  }

  template <class... Args>
  void entry(fmt::format_string<Args...> format, Args&&... args) {
    context_.out.print("{}\n{{{},", separator_, where_);
    context_.out.print(format, std::forward<Args>(args)...);
    context_.out.print("}}");
    separator_ = ",";
  }
  void name(std::string_view kind, std::string_view name) {
    entry(R"("ph":"M","name":"{}","args":{{"name":{}}})", kind, hooks::json_string(name));
  }
  void begin(const Event& event) {
    entry(R"("ph":"b","cat":{0},"name":{0},"id":"{5}:{1}","ts":{2},)"
          R"("args":{{"async_id":{1},"trigger_async_id":{3},"site":{4},"request":{6}}})",
          types_[event.group], event.id, at(event.time), static_cast<std::int64_t>(event.trigger),
          sites_[event.group], loop(), event.request);
  }
  void resolve(const Event& event) {
    entry(R"("ph":"n","cat":{},"name":"resolve","id":"{}:{}","ts":{})", types_[event.group], loop(),
          event.id, at(event.time));
  }
  void finish(std::uint64_t id, std::uint32_t group, std::int64_t time) {
    entry(R"("ph":"e","cat":{0},"name":{0},"id":"{3}:{1}","ts":{2})", types_[group], id, at(time),
          loop());
  }

  /// Part of all ids, so that traces can be joined.
  std::uint64_t loop() const { return context_.recording.header().loop; }

  ReportContext context_;
  std::string where_;
  const char* separator_ = "";
  std::vector<std::string> types_;  ///< By group, as JSON.
  std::vector<std::string> sites_;
  std::int64_t wait_began_ = never;
};

}  // namespace

std::unique_ptr<Report> make_chrome(const ReportContext& context) {
  return std::make_unique<Chrome>(context);
}

}  // namespace contrail::trace
