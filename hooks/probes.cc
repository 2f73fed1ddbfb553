#include "contrail/hooks/probes.h"

#include "contrail/async_hook.h"

#if __has_include(<sys/sdt.h>)
#define CONTRAIL_PROBES 1
// Each probe has a counter of those attached to it, which the kernel keeps; found by its name.
#define _SDT_HAS_SEMAPHORES 1
extern "C" {
[[gnu::section(".probes")]] unsigned short contrail_init_semaphore;
[[gnu::section(".probes")]] unsigned short contrail_before_semaphore;
[[gnu::section(".probes")]] unsigned short contrail_after_semaphore;
[[gnu::section(".probes")]] unsigned short contrail_destroy_semaphore;
[[gnu::section(".probes")]] unsigned short contrail_promise_resolve_semaphore;
[[gnu::section(".probes")]] unsigned short contrail_context_switch_semaphore;
}
#include <sys/sdt.h>
#else
#define CONTRAIL_PROBES 0
#endif

namespace contrail::inline v0::hooks {

#if CONTRAIL_PROBES
namespace {

/// Another process writes them.
bool on(const volatile unsigned short& semaphore) noexcept { return semaphore != 0; }

bool anybody_attached() noexcept {
  return on(contrail_init_semaphore) || on(contrail_before_semaphore) ||
         on(contrail_after_semaphore) || on(contrail_destroy_semaphore) ||
         on(contrail_promise_resolve_semaphore) || on(contrail_context_switch_semaphore);
}

void fire_init(const ResourceInfo& made) {
  if (!on(contrail_init_semaphore)) return;
  // Both names end in a NUL, as they come from literals, or from strings that the library keeps.
  STAP_PROBE5(contrail, init, made.async_id, made.trigger_async_id, made.type.data(),
              made.site.file().data(), made.site.line());
}

HookCallbacks firing(bool track_promises) {
  HookCallbacks callbacks{
      .init = fire_init,
      .before =
          [](AsyncId id) {
            if (on(contrail_before_semaphore)) STAP_PROBE1(contrail, before, id);
          },
      .after =
          [](AsyncId id) {
            if (on(contrail_after_semaphore)) STAP_PROBE1(contrail, after, id);
          },
      .destroy =
          [](AsyncId id) {
            if (on(contrail_destroy_semaphore)) STAP_PROBE1(contrail, destroy, id);
          },
      .track_promises = track_promises,
      .context_switch =
          [] {
            if (on(contrail_context_switch_semaphore)) STAP_PROBE(contrail, context_switch);
          },
  };
  if (track_promises) {
    callbacks.promise_resolve = [](AsyncId id) {
      if (on(contrail_promise_resolve_semaphore)) STAP_PROBE1(contrail, promise_resolve, id);
    };
  }
  return callbacks;
}

}  // namespace

struct Probes::State {
  explicit State(const ProbesOptions& options)
      : events(firing(options.track_promises)), turns({.loop_phase = [this](LoopPhase phase) {
          if (phase == LoopPhase::turn_begins) follow_semaphores();
        }}) {
    follow_semaphores();
    turns.enable();
  }
  void follow_semaphores() { anybody_attached() ? events.enable() : events.disable(); }

  AsyncHook events;
  AsyncHook turns;
};

bool Probes::available() noexcept { return true; }
bool Probes::attached() const noexcept { return state_->events.enabled(); }

#else

struct Probes::State {
  explicit State(const ProbesOptions&) {}
};

bool Probes::available() noexcept { return false; }
bool Probes::attached() const noexcept { return false; }

#endif

Probes::Probes(ProbesOptions options) : state_(std::make_unique<State>(options)) {}
Probes::Probes(Probes&&) noexcept = default;
Probes& Probes::operator=(Probes&&) noexcept = default;
Probes::~Probes() = default;

}  // namespace contrail::inline v0::hooks
