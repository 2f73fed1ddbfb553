#pragma once

#include <cstdint>
#include <string_view>

#include "contrail/creation_site.h"
#include "contrail/detail/export.h"

namespace contrail::inline v0 {

/// Identifies one asynchronous resource within one Loop. Ids of resources start at 2, grow by one,
/// and are never reused.
using AsyncId = std::uint64_t;

/// Nothing of yours is on the stack: the loop itself is running.
inline constexpr AsyncId no_async_id = 0;
/// The code that created the Loop and calls Loop::run().
inline constexpr AsyncId root_async_id = 1;
/// Where Node would say -1: an id nobody assigned. Accepted as an explicit trigger.
inline constexpr AsyncId unassigned_async_id = ~AsyncId{0};

/// A borrowed pointer that remembers what it points to.
class CONTRAIL_API AnyRef {
 public:
  AnyRef() noexcept = default;

  template <class T>
  static AnyRef to(const T& object) noexcept {
    return AnyRef(&object, &tag_of<T>);
  }

  /// The object if it is exactly a T, otherwise nullptr.
  template <class T>
  const T* as() const noexcept {
    return tag_ == &tag_of<T> ? static_cast<const T*>(object_) : nullptr;
  }

  explicit operator bool() const noexcept { return object_ != nullptr; }

  /// For those who store the two halves apart; see ResourceType.
  static AnyRef from(const void* object, const void* tag) noexcept { return AnyRef(object, tag); }
  const void* object() const noexcept { return object_; }
  const void* tag() const noexcept { return tag_; }

  /// One address per type, shared by all libraries of a process as far as T is visible to them.
  template <class T>
  static constexpr char tag_of = 0;

 private:
  AnyRef(const void* object, const void* tag) noexcept : object_(object), tag_(tag) {}

  const void* object_ = nullptr;
  const void* tag_ = nullptr;
};

/// What all resources of one kind have in common: a name and the type of their details.
///
/// Kinds that are made in large numbers declare theirs once, and the constructor of AsyncResource
/// then has nothing to look up:
///
///     inline constexpr ResourceType query_type{"DbQuery"};
struct CONTRAIL_API ResourceType {
  std::string_view name;
  const void* details_tag = nullptr;

  constexpr operator std::string_view() const noexcept { return name; }
};

/// What a hook is told about a resource. A view: valid during the call it is passed to.
struct ResourceInfo {
  AsyncId async_id = no_async_id;
  AsyncId trigger_async_id = no_async_id;  ///< The resource that caused this one.
  /// A name from resource_types.h, or the embedder's own. Valid as long as the Loop.
  std::string_view type = {};
  AnyRef details = {};     ///< What this kind shows: details.as<Timeout::Details>().
  CreationSite site = {};  ///< Where it was made, as far as that is known.
};

}  // namespace contrail::inline v0
