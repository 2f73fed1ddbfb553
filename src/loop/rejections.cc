#include "src/loop/rejections.h"

#include <fmt/core.h>

#include <cstdio>
#include <optional>

#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

void Rejections::add(PromiseCore& promise) {
  pending_.push_back({Ref<PromiseCore>::share(&promise), FrameRef::adopt(capture_frame())});
  loop_.tasks.rejection_pending();
}

bool Rejections::process() {
  std::vector<Pending> pending;
  pending.swap(pending_);
  bool judged = false;
  for (Pending& entry : pending) {
    if (entry.promise->handled()) continue;
    FrameScope frame(entry.frame.get());
    judge(*entry.promise);
    judged = true;
  }
  return judged || !pending_.empty();
}

void Rejections::judge(PromiseCore& promise) {
  // The promise's ids without before and after: Node's rule for this one case.
  std::optional<LinkedIdScope> ids;
  if (promise.async_id() != no_async_id) ids.emplace(promise.scope_key());
  if (auto listener = handler) {
    auto error = catch_from([&] { (*listener)(promise.error(), promise.async_id()); });
    if (error) loop_.uncaught(error, ExceptionOrigin::uncaught_exception);
    return;
  }
  switch (policy) {
    case UnhandledRejections::raise:
      loop_.uncaught(promise.error(), ExceptionOrigin::unhandled_rejection);
      // The uncaught path emits `after` for every level it finds, this one included.
      if (ids && watched(watch_after)) emit_after(ids->key());
      return;
    case UnhandledRejections::warn:
      fmt::print(stderr, "contrail: unhandled rejection: {}\n", describe(promise.error()));
      return;
    case UnhandledRejections::none: return;
  }
}

}  // namespace contrail::inline v0::detail
