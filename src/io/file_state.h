#pragma once

#include <unistd.h>

#include "contrail/async_resource.h"
#include "contrail/file.h"
#include "src/io/descriptor.h"
#include "src/io/pool_handle.h"

namespace contrail::inline v0 {

namespace detail {
inline constexpr ResourceType file_type{resource_types::file_handle.name,
                                        &AnyRef::tag_of<File::Details>};
inline constexpr ResourceType file_close_type{resource_types::file_handle_close.name,
                                              &AnyRef::tag_of<fs::Details>};
}  // namespace detail

struct File::State final : detail::PoolHandle {
  State(int number, const fs::Path& path, CreationSite site)
      : PoolHandle(detail::file_close_type),
        descriptor(number),
        details{path},
        its_resource(detail::file_type, AnyRef::to(details), site) {}

  /// As nobody: see Ground.
  static File make(detail::Descriptor opened, const fs::Path& path, CreationSite site) {
    auto state = std::make_unique<State>(opened.number(), path, site);
    opened.release();
    return File(state.release());
  }

  AsyncResource& resource() noexcept override { return its_resource; }
  const fs::Path& path() const noexcept override { return details.path; }
  const char* name() const noexcept override { return "File"; }
  int close_system() noexcept override {
    const int number = std::exchange(descriptor, -1);
    return ::close(number) < 0 && errno != EINTR ? uv_translate_sys_error(errno) : 0;
  }

  /// Starts an operation: op(descriptor, path) is called on the pool.
  template <class T, class Operation>
  void start(std::string_view operation, Operation op, Callback<T> fn, CreationSite site) {
    if (!is_open()) return detail::tell_later(std::move(fn), error(UV_EBADF, operation), site);
    using Work = FileWork<T, Operation>;
    detail::FsRequest<T, Work>::start(operation, details.path,
                                      Work{InFlight(*this), descriptor, std::move(op)},
                                      std::move(fn), site);
  }

  detail::Waiting waiting(std::string_view operation, std::stop_token stop,
                          CreationSite site) const {
    return {std::move(stop), site, operation, details.path.native()};
  }
  template <class T>
  void refuse(int status, std::string_view operation, Callback<T> fn, CreationSite site) const {
    detail::tell_later(std::move(fn), error(status, operation), site);
  }
  Error error(int status, std::string_view operation) const {
    return Error(status, operation, details.path.string());
  }

  int descriptor;
  Details details;
  AsyncResource its_resource;

 private:
  template <class T, class Operation>
  struct FileWork {
    using Op = Operation;

    auto operator()(const std::string& path) { return op(number, path); }

    template <class Raw>
    Result<T> finish(Result<Raw> raw, const fs::Details& of) {
      if (in_flight.abandoned()) return Error(UV_ECANCELED, of.operation, of.path);
      if constexpr (requires { op.finish(std::move(raw)); }) {
        return op.finish(std::move(raw));
      } else {
        return raw;
      }
    }

    InFlight in_flight;
    int number;
    Operation op;
  };
};

}  // namespace contrail::inline v0
