#include "hooks/signal_dump.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "contrail/error.h"

namespace contrail::inline v0::hooks {
namespace {

// What the handler reads. It may run on any thread at any time, so there is no lock.
std::array<std::atomic<const SignalDump*>, 16> waiting;
std::atomic<int> handlers_running;

void handle(int signal) {
  const int error = errno;
  ++handlers_running;
  for (const auto& place : waiting) {
    const SignalDump* dump = place.load();
    if (dump && dump->signal() == signal) dump->write();
  }
  --handlers_running;
  errno = error;
}

/// Who else had the signal, and how many recordings want it.
struct Taken {
  struct sigaction before;
  int dumps = 0;
};

std::mutex mutex;
std::map<int, Taken>& taken() {
  static auto* signals = new std::map<int, Taken>;  // Outlives all statics.
  return *signals;
}

void take(int signal) {
  std::lock_guard lock(mutex);
  Taken& one = taken()[signal];
  if (one.dumps == 0) {
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    if (::sigaction(signal, &action, &one.before) != 0) {
      const int error = errno;
      taken().erase(signal);
      throw Error(-error, "sigaction", std::to_string(signal));
    }
  }
  ++one.dumps;
}

void give_back(int signal) {
  std::lock_guard lock(mutex);
  const auto found = taken().find(signal);
  if (--found->second.dumps > 0) return;
  struct sigaction now {};
  // Somebody may have taken it meanwhile, a SignalWatcher for instance, and keeps it.
  if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == handle) {
    ::sigaction(signal, &found->second.before, nullptr);
  }
  taken().erase(found);
}

bool add(const SignalDump* dump) {
  for (auto& place : waiting) {
    const SignalDump* none = nullptr;
    if (place.compare_exchange_strong(none, dump)) return true;
  }
  return false;
}

bool write_all(int fd, const void* data, std::size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(fd, from, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    from += written;
    bytes -= static_cast<std::size_t>(written);
  }
  return true;
}

std::uint64_t count_in(const std::uint64_t& count) {
  return std::atomic_ref(const_cast<std::uint64_t&>(count)).load(std::memory_order_acquire);
}

/// Of the steady clock, by a call that is allowed in a handler of signals.
std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

SignalDump::SignalDump(int signal, const std::filesystem::path& file, const FlightHeader& recording,
                       std::size_t bytes)
    : signal_(signal),
      file_(std::filesystem::absolute(file).string()),
      unfinished_(unfinished(file_).string()),
      recording_(recording),
      bytes_(bytes),
      owner_(static_cast<std::uint64_t>(::getpid())) {
  take(signal);
  if (!add(this)) {
    give_back(signal);
    throw std::length_error("contrail: too many FlightRecorders wait for a signal");
  }
}

SignalDump::~SignalDump() {
  for (auto& place : waiting) {
    const SignalDump* self = this;
    place.compare_exchange_strong(self, nullptr);
  }
  // Another thread may be writing.
  while (handlers_running > 0) std::this_thread::yield();
  give_back(signal_);
}

void SignalDump::write() const noexcept {
  if (static_cast<std::uint64_t>(::getpid()) != owner_) return;  // Forked: it has no recording.
  const int fd = ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return;
  const bool written = write_to(fd);
  ::close(fd);
  if (!written || ::rename(unfinished_.c_str(), file_.c_str()) != 0) {
    ::unlink(unfinished_.c_str());
  }
}

/// The Loop's thread may go on recording: what it had begun to overwrite until the end is not part
/// of the copy, nor is what it added.
bool SignalDump::write_to(int fd) const noexcept {
  const std::uint64_t cursor = count_in(recording_.cursor);
  const std::int64_t copied = now();
  if (!write_all(fd, &recording_, bytes_)) return false;
  const std::uint64_t later = count_in(recording_.cursor);
  const std::uint64_t ring = recording_.ring_records;
  const std::uint64_t whole_from = later >= ring ? later - ring + 1 : 0;
  const auto patch = [fd](std::size_t offset, auto value) {
    return ::pwrite(fd, &value, sizeof value, static_cast<off_t>(offset)) == sizeof value;
  };
  return patch(offsetof(FlightHeader, cursor), cursor) &&
         patch(offsetof(FlightHeader, whole_from), whole_from) &&
         patch(offsetof(FlightHeader, copied), copied);
}

}  // namespace contrail::inline v0::hooks
