#include "contrail/pool.h"

#include <uv.h>

namespace contrail::inline v0::detail {

Error acquire_cancelled() {
  return Error(UV_ECANCELED, "acquire", {}, "the pool is gone, or drained");
}

Error too_many_waiting() { return Error(UV_EAGAIN, "acquire", {}, "too many are waiting already"); }

Error drain_cancelled() { return Error(UV_ECANCELED, "drain", {}, "the pool is gone"); }

}  // namespace contrail::inline v0::detail
