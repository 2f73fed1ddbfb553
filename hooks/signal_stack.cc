#include "hooks/signal_stack.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

namespace contrail::inline v0::hooks {

namespace {

constexpr std::size_t wanted_bytes = 64 * 1024;

class SignalStack {
 public:
  SignalStack()
      : guard_bytes_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
        stack_bytes_(std::max<std::size_t>(wanted_bytes, MINSIGSTKSZ)),
        memory_(::mmap(nullptr, guard_bytes_ + stack_bytes_, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (memory_ == MAP_FAILED) return;  // Handlers then run on the thread's own.
    ::mprotect(memory_, guard_bytes_, PROT_NONE);
    stack_t stack{};
    stack.ss_sp = static_cast<std::byte*>(memory_) + guard_bytes_;
    stack.ss_size = stack_bytes_;
    ::sigaltstack(&stack, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;
  ~SignalStack() {
    if (memory_ == MAP_FAILED) return;
    stack_t current{};
    ::sigaltstack(nullptr, &current);
    if (current.ss_sp == static_cast<std::byte*>(memory_) + guard_bytes_) {
      stack_t off{};
      off.ss_flags = SS_DISABLE;
      if (::sigaltstack(&off, nullptr) != 0) return;  // A handler is running on it.
    }
    ::munmap(memory_, guard_bytes_ + stack_bytes_);
  }

 private:
  std::size_t guard_bytes_;
  std::size_t stack_bytes_;
  void* memory_;
};

}  // namespace

std::shared_ptr<void> make_signal_stack() {
  stack_t current{};
  if (::sigaltstack(nullptr, &current) != 0 || !(current.ss_flags & SS_DISABLE)) return nullptr;
  return std::make_shared<SignalStack>();
}

}  // namespace contrail::inline v0::hooks
