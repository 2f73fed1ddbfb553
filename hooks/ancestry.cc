#include "hooks/ancestry.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "contrail/event_time.h"
#include "contrail/execution.h"
#include "contrail/loop.h"
#include "contrail/timers.h"

namespace contrail::inline v0::hooks {

namespace {

constinit thread_local const Ancestry* recorder __attribute__((tls_model("initial-exec"))) =
    nullptr;

/// How many of the living are passed over in search of a node for a newcomer: so many on average,
/// and so many at a time. Long stretches of them are rare where they are not all there is.
constexpr int spared_each = 8;
constexpr int spared_at_once = 256;

/// How many coroutines within coroutines are looked through for what has woken the innermost.
constexpr int hops_max = 16;

std::chrono::nanoseconds now() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch();  // Safe in a signal handler.
}

}  // namespace

std::shared_ptr<Ancestry> Ancestry::share(std::size_t nodes_max, bool track_promises) {
  thread_local std::weak_ptr<Ancestry> shared;
  std::shared_ptr<Ancestry> ancestry = shared.lock();
  if (!ancestry || ancestry->loop_ != Loop::current().number()) {
    ancestry = std::make_shared<Ancestry>(nodes_max, track_promises);
    shared = ancestry;
  }
  if (track_promises) ancestry->track_promises();
  return ancestry;
}

bool Ancestry::is_of_this_loop() const noexcept {
  switch (thread_activity()) {
    case ThreadActivity::no_loop:
    case ThreadActivity::pool_job: return false;
    default: return loop_ == Loop::current().number();
  }
}

const Ancestry* Ancestry::here() noexcept {
  return recorder && recorder->is_of_this_loop() ? recorder : nullptr;
}

Ancestry::Ancestry(std::size_t nodes_max, bool track_promises)
    : loop_(Loop::current().number()),
      mask_(std::bit_ceil(std::clamp<std::size_t>(nodes_max, 16, none / 2)) - 1),
      nodes_(std::clamp<std::size_t>(nodes_max, 16, none / 2)),
      table_(mask_ + 1),
      tracks_promises_(track_promises),
      hook_(callbacks()) {
  for (auto& first : table_) first.store(none, std::memory_order_relaxed);
  recorder = this;
  hook_.enable();
}

Ancestry::~Ancestry() {
  if (recorder == this) recorder = nullptr;
}

HookCallbacks Ancestry::callbacks() {
  HookCallbacks callbacks{
      .init = [this](const ResourceInfo& made) { init(made); },
      .destroy =
          [this](AsyncId id) {
            if (Node* node = find(id)) node->alive = false;
          },
      .track_promises = tracks_promises_,
  };
  if (tracks_promises_) callbacks.promise_resolve = [this](AsyncId id) { settled(id); };
  return callbacks;
}

void Ancestry::track_promises() {
  if (std::exchange(tracks_promises_, true)) return;
  hook_ = AsyncHook(callbacks());
  hook_.enable();
}

void Ancestry::init(const ResourceInfo& made) noexcept {
  const std::uint32_t index = oldest_to_forget();
  Node& node = nodes_[index];
  if (node.id.load(std::memory_order_relaxed) != no_async_id) unlink(index);
  node.id.store(no_async_id, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  node.type = made.type.data();
  node.type_size = static_cast<std::uint32_t>(made.type.size());
  node.trigger = made.trigger_async_id;
  node.settled_by = no_async_id;
  node.site = made.site;
  node.made = std::chrono::nanoseconds(event_time().time_since_epoch()).count();
  const auto* timer = made.details.as<Timeout::Details>();
  node.delay = timer ? timer->delay.count() : -1;
  node.repeat = timer && timer->repeat;
  node.alive = true;
  std::atomic<std::uint32_t>& first = place(made.async_id);
  node.next.store(first.load(std::memory_order_relaxed), std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  node.id.store(made.async_id, std::memory_order_relaxed);
  first.store(index, std::memory_order_relaxed);
}

void Ancestry::settled(AsyncId id) noexcept {
  if (Node* node = find(id)) node->settled_by = execution_async_id();
}

/// Round and round, past the living. Where there are hardly any others some of them are forgotten,
/// so that passing over stays cheap.
std::uint32_t Ancestry::oldest_to_forget() noexcept {
  std::uint32_t index = cursor_;
  spared_ = std::min(spared_ + spared_each, spared_at_once);
  for (; spared_ > 0 && nodes_[index].alive; --spared_) {
    if (++index == nodes_.size()) index = 0;
  }
  cursor_ = index + 1 == nodes_.size() ? 0 : index + 1;
  return index;
}

void Ancestry::unlink(std::uint32_t index) noexcept {
  const Node& node = nodes_[index];
  std::atomic<std::uint32_t>* link = &place(node.id.load(std::memory_order_relaxed));
  while (link->load(std::memory_order_relaxed) != index) {
    link = &nodes_[link->load(std::memory_order_relaxed)].next;
  }
  link->store(node.next.load(std::memory_order_relaxed), std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

Ancestry::Node* Ancestry::find(AsyncId id) noexcept {
  std::uint32_t index = place(id).load(std::memory_order_relaxed);
  while (index != none) {
    Node& node = nodes_[index];
    if (node.id.load(std::memory_order_relaxed) == id) return &node;
    index = node.next.load(std::memory_order_relaxed);
  }
  return nullptr;
}

/// A piece of a coroutine settles its promise because the promise that it awaited, its trigger, was
/// settled: so on, to what is no promise. What cannot be followed that far stays who settled it.
AsyncId Ancestry::settler_of(const Node& node) const noexcept {
  AsyncId settler = node.settled_by;
  for (int hops = 0; hops < hops_max && settler != node.id.load(std::memory_order_relaxed);
       ++hops) {
    const Node* piece = find(settler);
    if (!piece) break;
    if (!is_promise(*piece)) return settler;
    const Node* awaited = find(piece->trigger);
    if (!awaited || !is_promise(*awaited)) break;
    settler = awaited->settled_by;
  }
  return node.settled_by;
}

AsyncFrame Ancestry::frame(AsyncId id) const noexcept {
  if (id == root_async_id) return {.id = id, .type = "root", .alive = true};
  const Node* node = find(id);
  if (!node) return {.id = id};
  const AsyncId settled_by = settler_of(*node);
  const Node* settler = settled_by > root_async_id ? find(settled_by) : nullptr;
  return {.id = id,
          .trigger_id = node->trigger,
          .type = {node->type, node->type_size},
          .site = node->site,
          .age = now() - std::chrono::nanoseconds(node->made),
          .alive = node->alive,
          .repeat = node->repeat,
          .delay = std::chrono::milliseconds(node->delay),
          .settled_by = settled_by,
          .settled_by_type =
              settler ? std::string_view(settler->type, settler->type_size) : std::string_view()};
}

std::size_t Ancestry::frames(AsyncId id, AsyncFrame* out, std::size_t max) const noexcept {
  std::size_t count = 0;
  while (count < max && id != no_async_id) {
    out[count] = frame(id);
    id = out[count++].trigger_id;
  }
  return count;
}

std::vector<AsyncFrame> Ancestry::frames(AsyncId id, std::size_t max) const {
  std::vector<AsyncFrame> all;
  while (all.size() < max && id != no_async_id) {
    all.push_back(frame(id));
    id = all.back().trigger_id;
  }
  return all;
}

void write_name(SignalText& to, const AsyncFrame& frame) noexcept {
  to.text(frame.type);
  if (frame.id > root_async_id) to.text(" ").number(frame.id);
  if (frame.site) to.text(" at ").text(frame.site.file()).text(":").number(frame.site.line());
}

void write_delay(SignalText& to, const AsyncFrame& frame) noexcept {
  if (frame.delay.count() < 0) return;
  to.text(frame.repeat ? ", every " : ", after ").duration(frame.delay);
}

void write(SignalText& to, const AsyncFrame& frame) noexcept {
  to.text("  ");
  if (frame.type.empty()) {
    to.text("resource ");
    if (frame.id == unassigned_async_id) {
      to.text("-1");
    } else {
      to.number(frame.id);
    }
    to.text(", of which nothing is recorded\n");
    return;
  }
  write_name(to, frame);
  write_delay(to, frame);
  if (frame.id != root_async_id && frame.age.count() >= 0)
    to.text(", made ").duration(frame.age).text(" ago");
  // What comes after a co_await settles its own PROMISE.
  if (frame.settled_by > root_async_id && frame.settled_by != frame.id) {
    const bool known = !frame.settled_by_type.empty();
    to.text(", settled by ").text(known ? frame.settled_by_type : "resource");
    to.text(" ").number(frame.settled_by);
  }
  to.text("\n");
}

void write_running(SignalText& to, const Ancestry* ancestry, std::size_t frames_max) noexcept {
  switch (thread_activity()) {
    case ThreadActivity::no_loop: to.text("  this thread has no loop\n"); return;
    case ThreadActivity::pool_job:
      to.text("  this thread has no loop: it runs a job of queue_work()\n");
      return;
    case ThreadActivity::no_callback: to.text("  no callback is running\n"); return;
    case ThreadActivity::outside_loop:
    case ThreadActivity::callback: break;
  }
  AsyncId id = execution_async_id();
  if (id == no_async_id) {
    to.text("  no callback is running\n");
    return;
  }
  if (!ancestry) {
    to.text("  resource ").number(id).text(" by ").number(trigger_async_id());
    to.text(", nothing more is recorded\n");
    return;
  }
  for (std::size_t count = 0; count < frames_max && id != no_async_id; ++count) {
    const AsyncFrame frame = ancestry->frame(id);
    write(to, frame);
    id = frame.trigger_id;
  }
  if (id != no_async_id) to.text("  ...\n");
}

}  // namespace contrail::inline v0::hooks
