#include "src/loop/rejections.h"

#include <fmt/core.h>

#include <cstdio>
#include <iterator>
#include <optional>

#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

void Rejections::add(PromiseCore& promise) {
  pending_.push_back({Ref<PromiseCore>::share(&promise), FrameRef::adopt(capture_frame())});
  loop_.tasks.rejection_pending();
}

Rejections::Verdict Rejections::process() {
  // As in Node, what a handler of one does about the others of this round comes too late.
  std::erase_if(pending_, [](const Pending& entry) { return entry.promise->handled(); });
  std::vector<Pending> round = std::exchange(pending_, {});
  for (auto entry = round.begin(); entry != round.end(); ++entry) {
    if (auto error = judge(*entry)) {
      auto rest = std::make_move_iterator(entry + 1);
      pending_.insert(pending_.begin(), rest, std::make_move_iterator(round.end()));
      loop_.uncaught(std::move(error), ExceptionOrigin::uncaught_exception);
      return Verdict::handler_threw;
    }
  }
  return round.empty() && pending_.empty() ? Verdict::none : Verdict::some;
}

std::exception_ptr Rejections::judge(const Pending& entry) {
  FrameScope frame(entry.frame.get());
  PromiseCore& promise = *entry.promise;
  // The promise's ids without before and after: Node's rule for this one case.
  std::optional<LinkedIdScope> ids;
  if (promise.async_id() != no_async_id) ids.emplace(promise.scope_key());
  if (auto listener = handler) {
    return catch_from([&] { (*listener)(promise.error(), promise.async_id()); });
  }
  switch (policy) {
    case UnhandledRejections::raise:
      loop_.uncaught(promise.error(), ExceptionOrigin::unhandled_rejection);
      // The uncaught path emits `after` for every level it finds, this one included.
      if (ids && watched(watch_after)) emit_after(ids->key());
      return nullptr;
    case UnhandledRejections::warn:
      fmt::print(stderr, "contrail: unhandled rejection: {}\n", describe(promise.error()));
      return nullptr;
    case UnhandledRejections::none: return nullptr;
  }
  return nullptr;
}

}  // namespace contrail::inline v0::detail
