#pragma once

/// Everything of contrail but its testing kit, for small programs: link contrail::contrail. Those
/// that link single components include single headers.

#include "contrail/async_context.h"
#include "contrail/async_hook.h"
#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/cancellation.h"
#include "contrail/creation_site.h"
#include "contrail/error.h"
#include "contrail/execution.h"
#include "contrail/file.h"
#include "contrail/format.h"
#include "contrail/fs.h"
#include "contrail/function.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/pipe.h"
#include "contrail/pipe_to.h"
#include "contrail/process.h"
#include "contrail/promise.h"
#include "contrail/promise_combinators.h"
#include "contrail/resource_info.h"
#include "contrail/resource_types.h"
#include "contrail/result.h"
#include "contrail/socket_address.h"
#include "contrail/stream.h"
#include "contrail/stream_reader.h"
#include "contrail/stream_server.h"
#include "contrail/tcp.h"
#include "contrail/thenable.h"
#include "contrail/thread_pool.h"
#include "contrail/timers.h"
#include "contrail/version.h"

#if __has_include("contrail/http/server.h")
#include "contrail/http/server.h"
#endif

#include "contrail/hooks/chrome_trace.h"
#include "contrail/hooks/event_log.h"
