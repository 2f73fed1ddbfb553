#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/hooks/async_stack.h"
#include "contrail/hooks/signal_text.h"
#include "contrail/resource_types.h"

namespace contrail::inline v0::hooks {

/// Who caused whom, of the latest resources of a Loop and of those that live: shared by all tracers
/// that tell chains of causes.
///
/// A fixed number of nodes, in which an id is found by a hash table that runs through them. As ids
/// are given out one by one, so are its places, and nearly all chains have a length of one: that is
/// cheaper than notes of a HookSlot, which would be one more allocation a resource, and finds the
/// dead, too. A resource is its id, which is never used again, so no reference can go stale.
///
/// Reading never sees a half of anything, even from a signal handler that interrupted writing: an
/// id is set last and taken back first.
class Ancestry {
 public:
  /// The one of this thread's Loop, made if there is none. On the Loop's thread.
  static std::shared_ptr<Ancestry> share(std::size_t nodes_max, bool track_promises);
  /// False if its Loop is gone, and another one in its place: ids begin anew there.
  bool is_of_this_loop() const noexcept;
  /// The one of this thread if there is one; also in signal handlers.
  static const Ancestry* here() noexcept;

  Ancestry(std::size_t nodes_max, bool track_promises);
  Ancestry(const Ancestry&) = delete;
  Ancestry& operator=(const Ancestry&) = delete;
  ~Ancestry();

  /// What is known of a resource; see AsyncFrame.
  AsyncFrame frame(AsyncId id) const noexcept;
  /// Of a resource, outwards. At most max; returns how many.
  std::size_t frames(AsyncId id, AsyncFrame* out, std::size_t max) const noexcept;
  std::vector<AsyncFrame> frames(AsyncId id, std::size_t max) const;

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct Node {
    std::atomic<AsyncId> id{no_async_id};
    std::atomic<std::uint32_t> next{none};  ///< In its place of the table.
    std::uint32_t type_size = 0;
    AsyncId trigger = no_async_id;
    AsyncId settled_by = no_async_id;
    const char* type = nullptr;
    CreationSite site;
    std::int64_t made = 0;
    std::int64_t delay : 62 = -1;
    bool repeat : 1 = false;
    bool alive : 1 = false;
  };
  static bool is_promise(const Node& node) noexcept {
    return std::string_view(node.type, node.type_size) == resource_types::promise.name;
  }

  HookCallbacks callbacks();
  void track_promises();  ///< From now on, for all who share it.
  void init(const ResourceInfo& made) noexcept;
  void settled(AsyncId id) noexcept;
  AsyncId settler_of(const Node& node) const noexcept;
  std::uint32_t oldest_to_forget() noexcept;
  void unlink(std::uint32_t index) noexcept;
  Node* find(AsyncId id) noexcept;
  const Node* find(AsyncId id) const noexcept { return const_cast<Ancestry*>(this)->find(id); }
  std::atomic<std::uint32_t>& place(AsyncId id) noexcept { return table_[id & mask_]; }

  const std::uint64_t loop_;
  std::size_t mask_;
  std::vector<Node> nodes_;
  std::vector<std::atomic<std::uint32_t>> table_;
  std::uint32_t cursor_ = 0;
  int spared_ = 0;  ///< Of the living, may be passed over.
  bool tracks_promises_;
  AsyncHook hook_;
};

/// One line, newline included.
void write(SignalText& to, const AsyncFrame& frame) noexcept;
/// "Timeout 2 at src/app.cc:17"; without id if it is 0.
void write_name(SignalText& to, const AsyncFrame& frame) noexcept;
/// ", every 5 s" or ", after 5 s", of timers.
void write_delay(SignalText& to, const AsyncFrame& frame) noexcept;
/// The lines of the running callback; a sentence if none is running, or nothing is recorded.
void write_running(SignalText& to, const Ancestry* ancestry, std::size_t frames_max) noexcept;

}  // namespace contrail::inline v0::hooks
