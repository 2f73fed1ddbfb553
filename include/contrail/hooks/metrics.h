#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "contrail/detail/export.h"

namespace contrail::inline v0::hooks {

struct MetricsOptions {
  bool track_promises = true;
  bool only_sampled = false;  ///< See run_sampled().
  /// What every name begins with; letters, digits and underscores.
  std::string prefix = "contrail";
  /// Resources of further types are counted as type "(other)".
  std::size_t types_max = 256;
};

/// Numbers for a dashboard: how many resources of each type were made and live, how long they
/// waited for their first callback, and how long their callbacks ran.
///
///     hooks::Metrics metrics;
///     http::Server server([&](http::Request request, http::Response response) {
///       if (request.path() == "/metrics") return response.end(metrics.prometheus());
///       …
///
/// Made, read and destroyed on the Loop's thread; from another one get there by Loop::post(). Its
/// memory is a few hundred bytes for each type. A callback's time includes those that it runs
/// inside it.
class CONTRAIL_API Metrics {
 public:
  /// Counts from here on. Throws std::invalid_argument if the prefix is no metric name.
  explicit Metrics(MetricsOptions options = {});
  Metrics(Metrics&&) noexcept;
  Metrics& operator=(Metrics&&) noexcept;
  ~Metrics();

  /// Goes on after disable(). What happened meanwhile is not counted, and what was alive then is
  /// not counted as live any more.
  Metrics& enable();
  Metrics& disable() noexcept;

  /// The text exposition format 0.0.4 of Prometheus, to be served as
  /// "text/plain; version=0.0.4". By type:
  ///
  ///     contrail_resources_created_total     counter
  ///     contrail_resources_destroyed_total   counter
  ///     contrail_resources_live              gauge: created and not destroyed since enable()
  ///     contrail_promises_settled_total      counter, of PROMISE
  ///     contrail_wait_seconds                histogram: from init to the first callback
  ///     contrail_callback_seconds            histogram: from before to after
  std::string prometheus() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace contrail::inline v0::hooks
