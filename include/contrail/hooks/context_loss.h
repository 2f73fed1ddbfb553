#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contrail/creation_site.h"
#include "contrail/detail/export.h"
#include "contrail/function.h"

namespace contrail::inline v0::hooks {

struct ContextLossOptions {
  /// Whether what you care for is in the current context. Empty: whether anything is.
  ///
  ///     hooks::ContextLoss loss({.has_context = [&] { return request_id.get_store() != nullptr;
  ///     }});
  Function<bool()> has_context = {};
  bool track_promises = true;
  /// Places that are told apart; what is lost in further ones is counted together.
  std::size_t places_max = 1024;
};

/// Where did my context go? Counts the resources that were made without a context by a resource
/// that had one, and their callbacks, which are those that find no request id.
///
///     hooks::ContextLoss loss;
///     …
///     fmt::print("{}", loss.text());
///
///     12 Timeout at batch.cc:31 made without a context: 12 callbacks; TCPWRAP at server.cc:9,
///     which caused them, had one
///
/// It sees what a resource's cause tells: not that a timer of main()'s works off a queue that
/// requests have filled, since nobody says that these caused it. There, a resource whose
/// ResourceOptions::trigger is the request's makes it visible. And what was meant, as by exit(), it
/// cannot tell from what was not.
///
/// Made, read and destroyed on the Loop's thread.
class CONTRAIL_API ContextLoss {
 public:
  struct Place {
    std::string lost;    ///< What has no context: "Timeout at batch.cc:31".
    std::string cause;   ///< What caused it, and had one.
    std::uint64_t made;  ///< So many of them.
    std::uint64_t callbacks;
  };

  explicit ContextLoss(ContextLossOptions options = {});
  ContextLoss(ContextLoss&&) noexcept;
  ContextLoss& operator=(ContextLoss&&) noexcept;
  ~ContextLoss();

  ContextLoss& enable();
  ContextLoss& disable() noexcept;

  /// In the order in which they appeared.
  std::vector<Place> places() const;
  /// A line for each, or "no context was lost\n".
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace contrail::inline v0::hooks
