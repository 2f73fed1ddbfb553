#pragma once

#include <filesystem>

#include "hooks/perfetto_events.h"
#include "hooks/trace_file.h"
#include "hooks/trace_origin.h"
#include "hooks/trace_sink.h"

namespace contrail::inline v0::hooks {

/// PerfettoEvents of a running program, in a file.
class PerfettoFile : public TraceSink {
 public:
  /// Throws Error if the file cannot be opened.
  PerfettoFile(const std::filesystem::path& path, const TraceOrigin& origin);

  void new_type(std::uint32_t type, std::string_view name) override {
    events_.new_type(type, name);
  }
  void new_site(std::uint32_t site, std::string_view file, unsigned line) override {
    events_.new_site(site, file, line);
  }

  void resource_begins(TraceTime at, TracedResource& resource,
                       const TraceArguments& arguments) override {
    events_.resource_begins(at, resource, arguments);
  }
  void resource_resolves(TraceTime at, const TracedResource& resource) override {
    events_.resource_resolves(at, resource);
  }
  void resource_ends(TraceTime at, const TracedResource& resource) override {
    events_.resource_ends(at, resource);
  }
  void callback(TraceTime begin, TraceTime end, const TracedCallback& callback) override {
    events_.callback(begin, end, callback);
  }
  void root(TraceTime begin, TraceTime end, std::span<const AsyncId> caused) override {
    events_.root(begin, end, caused);
  }
  void causes(TraceTime at, const TracedResource& cause, AsyncId caused) override {
    events_.causes(at, cause, caused);
  }
  /// Flows belong to slices, which say themselves whom they caused.
  void arrow(TraceTime, TraceTime, AsyncId) override {}
  void full(TraceTime at) override { events_.full(at); }

  std::size_t buffered_bytes() const noexcept override { return file_.buffered_bytes(); }
  void flush(const TraceTotals& totals, bool is_last) override;
  void throw_if_failed() const override { file_.throw_if_failed(); }

 private:
  TraceFile file_;
  PerfettoEvents events_;  ///< Writes to the file's buffer.
};

}  // namespace contrail::inline v0::hooks
