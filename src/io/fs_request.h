#pragma once

#include <optional>

#include "contrail/async_resource.h"
#include "contrail/fs.h"
#include "src/loop/request.h"

namespace contrail::inline v0::detail {

inline constexpr ResourceType fs_type{resource_types::fs_request.name,
                                      &AnyRef::tag_of<fs::Details>};

/// One file operation: done on the pool by ordinary system calls, so that one request, one
/// resource, is one operation of the caller's, however many calls it takes.
///
/// Work is called with the path, on a thread of the pool, where it may not touch anything of the
/// loop's; it returns the value or throws Error.
template <class T, class Work>
struct FsRequest final : RequestState<uv_work_t> {
  FsRequest(std::string_view operation, fs::Path path, Work what, Callback<T> callback)
      : work(std::move(what)),
        fn(std::move(callback)),
        details{operation, std::move(path)},
        resource(fs_type, AnyRef::to(details)) {}

  static void start(std::string_view operation, fs::Path path, Work what, Callback<T> fn) {
    auto self =
        std::make_unique<FsRequest>(operation, std::move(path), std::move(what), std::move(fn));
    // It fails only for lack of a callback.
    FsRequest::submit(self, [](uv_work_t* request) {
      return uv_queue_work(loop_state().uv, request, on_pool, on_loop);
    });
  }

  static FsRequest& of(uv_work_t* request) {
    return static_cast<FsRequest&>(*static_cast<RequestState<uv_work_t>*>(request->data));
  }

  static void on_pool(uv_work_t* request) {
    FsRequest& self = of(request);
    try {
      self.result.emplace(self.work(self.details.path));
    } catch (const Error& error) {
      self.result.emplace(error);
    } catch (const std::bad_alloc&) {
      self.result.emplace(Error(UV_ENOMEM, self.details.operation, self.details.path.string()));
    }
  }

  static void on_loop(uv_work_t* request, int status) {
    auto self = FsRequest::template take<FsRequest>(request);
    if (status < 0) {
      self->result.emplace(Error(status, self->details.operation, self->details.path.string()));
    }
    run_callback(self->resource, [&] { self->fn(std::move(*self->result)); });
  }

  Work work;
  Callback<T> fn;
  std::optional<Result<T>> result;
  fs::Details details;
  AsyncResource resource;
};

}  // namespace contrail::inline v0::detail
