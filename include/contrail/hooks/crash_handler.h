#pragma once

#include <cstddef>

#include "contrail/detail/export.h"

namespace contrail::inline v0::hooks {

struct CrashHandlerOptions {
  int fd = 2;                   ///< Where reports go. Stays open.
  std::size_t frames_max = 32;  ///< Of the async stack.
  /// Records what stacks need on each Loop made from now on, and on this thread's if it has one:
  /// see AsyncStack::nodes_max. 0: only where the program has an AsyncStack of its own.
  std::size_t nodes_max = 65536;
  bool on_terminate = true;  ///< std::terminate() reports the exception, too.
  bool native_stack = true;  ///< The stack of the thread comes last, at most 64 frames of it.
};

/// From now on, a crash of this process first says what it was doing:
///
///     contrail: SIGSEGV (address 0x0) in thread 4711; how it got there:
///       PROMISE 12 at src/app.cc:31, made 80 us ago
///       TCPSERVERWRAP 3 at src/app.cc:9, made 4 s ago
///       root
///     context: user="ada" request=7
///     native stack:
///       ./app(_Z5parsePKi+0x1a)[0x55d0c0a41f31]
///       …
///
/// SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT are reported, on a stack of their own in this thread
/// and in those that make a Loop later, so that an overflow of the stack is reported, too. Then the
/// handler that was there before takes over: core dumps, exit status and other crash reporters
/// remain what they were. The context is what context_field() has registered.
///
/// All but the native stack is put together by write(2) alone. That one comes last, from
/// backtrace(3), which has been loaded by then: where the stack is in ruins it ends early, and the
/// process as it would have. It could wait for ever for a thread that is in dlopen(3) just then.
/// c++filt(1) reads the names, and addr2line(1) those that the program does not export.
///
/// One crash is reported: what crashes in other threads meanwhile waits for it, 5 seconds at most.
///
/// An exception that leaves a callback is no crash yet: it leaves Loop::run(), and if nobody
/// catches it there, std::terminate() finds no callback running. Loop::on_uncaught_exception() is
/// called where AsyncStack::text() still tells.
///
/// Once a process; later calls change the options only. Threads may have Loops meanwhile, but this
/// must not be called by two at once.
CONTRAIL_API void install_crash_handler(CrashHandlerOptions options = {});

}  // namespace contrail::inline v0::hooks
