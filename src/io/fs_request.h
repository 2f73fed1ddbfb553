#pragma once

#include <cerrno>
#include <climits>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "contrail/async_resource.h"
#include "contrail/fs.h"
#include "src/io/promised.h"
#include "src/io/tell_later.h"
#include "src/loop/request.h"

namespace contrail::inline v0::detail {

inline constexpr ResourceType fs_type{resource_types::fs_request.name,
                                      &AnyRef::tag_of<fs::Details>};

/// One file operation: done on the pool by ordinary system calls, so that one request, one
/// resource, is one operation of the caller's, however many calls it takes.
///
/// Work is called with the path, as text, on a thread of the pool, where it may not touch anything
/// of the loop's; it returns the value or throws Error. If it has a finish(), that makes of its
/// outcome the caller's: on the loop, as nobody, ahead of the callback.
template <class T, class Work>
struct FsRequest final : RequestState<uv_work_t> {
  using Raw = std::invoke_result_t<Work&, const std::string&>;

  FsRequest(std::string_view operation, const fs::Path& path, Work&& what, Callback<T>&& callback,
            CreationSite site)
      : work(std::move(what)),
        fn(std::move(callback)),
        details{operation, path.native()},
        resource(fs_type, AnyRef::to(details), site) {}

  static void start(std::string_view operation, const fs::Path& path, Work&& what, Callback<T>&& fn,
                    CreationSite site) {
    auto self = std::make_unique<FsRequest>(operation, path, std::move(what), std::move(fn), site);
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
      if constexpr (std::is_void_v<Raw>) {
        self.work(self.details.path);
        self.result.emplace();
      } else {
        self.result.emplace(self.work(self.details.path));
      }
    } catch (const Error& error) {
      self.result.emplace(error);
    } catch (const std::bad_alloc&) {
      self.result.emplace(self.error(UV_ENOMEM));
    } catch (const std::length_error&) {
      self.result.emplace(self.error(UV_ENOMEM));
    }
  }

  static void on_loop(uv_work_t* request, int status) {
    auto self = FsRequest::template take<FsRequest>(request);
    if (status < 0) self->result.emplace(self->error(status));
    CallbackScope scope;
    if constexpr (requires { self->work.finish(std::move(*self->result), self->details); }) {
      Result<T> outcome = self->work.finish(std::move(*self->result), self->details);
      scope.call(self->resource, [&] { self->fn(std::move(outcome)); });
    } else {
      scope.call(self->resource, [&] { self->fn(std::move(*self->result)); });
    }
  }

  /// An operation on a file that uses what the caller has lent says so, by `borrows`.
  bool cancel() noexcept override {
    return RequestState::cancel() || requires { Work::Op::borrows; };
  }

  const AsyncResource* about() const noexcept override { return &resource; }
  Error error(int status) const { return Error(status, details.operation, details.path); }

  Work work;
  Callback<T> fn;
  std::optional<Result<Raw>> result;
  fs::Details details;
  AsyncResource resource;
};

/// For the pool: the call that failed just now, and on what.
[[noreturn]] void fail(std::string_view syscall, const std::string& path);
[[noreturn]] void fail(std::string_view syscall, const std::string& from, const std::string& to);

/// Calls a system call until no signal interrupts it; throws what it fails with.
template <class Call, class... Paths>
auto checked(std::string_view syscall, Call call, const Paths&... paths) {
  for (;;) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) fail(syscall, paths...);
  }
}

/// Why the system is not even asked, if there is a reason: it would see another path.
std::optional<Error> refusal(std::string_view operation, const fs::Path& path);

/// The path is kept as text: to copy or to move its parts would cost as much as all the rest.
template <class T, class Work>
void start(std::string_view operation, const fs::Path& path, Work work, Callback<T>&& fn,
           CreationSite site) {
  if (auto refused = refusal(operation, path)) return tell_later(std::move(fn), *refused, site);
  FsRequest<T, Work>::start(operation, path, std::move(work), std::move(fn), site);
}

/// The same with a second path, which Work is made with.
template <class T, class Work>
void start(std::string_view operation, const fs::Path& path, const fs::Path& other, Work work,
           Callback<T>&& fn, CreationSite site) {
  if (auto refused = refusal(operation, other)) return tell_later(std::move(fn), *refused, site);
  start<T>(operation, path, std::move(work), std::move(fn), site);
}

/// How the functions of fs take an argument.
template <class T>
using Taken = std::conditional_t<std::is_same_v<T, fs::Path>, const fs::Path&, T>;

/// The promise form of a function of fs that takes its path first and a callback last.
template <class T, class... Args>
Promise<T> promised(std::string_view operation, std::stop_token stop, CreationSite site,
                    void (*call)(const fs::Path&, std::type_identity_t<Taken<Args>>..., Callback<T>,
                                 CreationSite),
                    const fs::Path& path, Args... args) {
  const std::string subject = stop.stop_possible() ? path.string() : std::string();
  return promised<T>({std::move(stop), site, operation, subject},
                     [&](Callback<T> fn) { call(path, std::move(args)..., std::move(fn), site); });
}

}  // namespace contrail::inline v0::detail
