#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hooks/trace_file.h"
#include "hooks/trace_origin.h"
#include "hooks/trace_sink.h"

namespace contrail::inline v0::hooks {

/// The events of one thread in the JSON object form of the Trace Event Format.
class TraceEvents : public TraceSink {
 public:
  TraceEvents(const std::filesystem::path& path, const TraceOrigin& origin);

  void new_type(std::uint32_t type, std::string_view name) override;
  void new_site(std::uint32_t site, std::string_view file, unsigned line) override;

  void resource_begins(TraceTime at, TracedResource& resource,
                       const TraceArguments& arguments) override;
  void resource_resolves(TraceTime at, const TracedResource& resource) override;
  void resource_ends(TraceTime at, const TracedResource& resource) override;
  void callback(TraceTime begin, TraceTime end, const TracedCallback& callback) override;
  void root(TraceTime begin, TraceTime end, std::span<const AsyncId> caused) override;
  void causes(TraceTime, const TracedResource&, AsyncId) override {}
  void arrow(TraceTime from, TraceTime to, AsyncId id) override;
  void full(TraceTime at) override;

  std::size_t buffered_bytes() const noexcept override { return file_.buffered_bytes(); }
  void flush(const TraceTotals& totals, bool is_last) override;
  void throw_if_failed() const override { file_.throw_if_failed(); }

 private:
  std::string& next_event();
  void name(std::string_view kind, std::string_view name);

  TraceFile file_;
  const std::uint64_t loop_;
  const std::int64_t start_;
  const std::string where_;  ///< "pid":…,"tid":…
  std::string_view separator_ = "\n";
  std::vector<std::string> types_{"\"(other)\""};  ///< As JSON strings, quotes included.
  std::vector<std::string> sites_{""};             ///< Continuing a JSON object.
};

}  // namespace contrail::inline v0::hooks
