// Files piece by piece.

#include <algorithm>
#include <deque>

#include "src/io/file_state.h"

namespace contrail::inline v0 {

/// Shared with the read in flight, which the reader does not wait for when it goes.
struct FileReader::State {
  void finished(const Result<std::string>& piece) {
    busy = false;
    if (piece) options.start += piece->size();
  }

  File file;
  Options options;
  bool busy = false;
};

FileReader::FileReader(File file) : FileReader(std::move(file), Options{}) {}
FileReader::FileReader(File file, Options options)
    : state_(std::make_shared<State>(State{std::move(file), options})) {
  if (options.chunk == 0) throw Error(UV_EINVAL, "read");
}
FileReader::FileReader(FileReader&&) noexcept = default;
FileReader& FileReader::operator=(FileReader&& other) noexcept {
  FileReader replaced(std::move(other));
  std::swap(state_, replaced.state_);
  return *this;
}
FileReader::~FileReader() {
  if (state_) state_->file = File();
}

FileReader::State& FileReader::state() const {
  if (!state_) detail::die_moved_from("FileReader");
  return *state_;
}

Promise<std::string> FileReader::read() {
  State& reader = state();
  if (reader.busy) return Promise<std::string>::reject(Error(UV_EBUSY, "read"));
  const auto& [start, end, chunk] = reader.options;
  const std::uint64_t left = end ? *end - std::min(start, *end) : chunk;
  if (left == 0) return Promise<std::string>::resolve(std::string());
  auto [promise, resolver] = Promise<std::string>::with_resolver();
  reader.busy = true;
  reader.file.read_at(
      start, std::min<std::uint64_t>(left, chunk),
      [shared = state_, resolver = std::move(resolver)](Result<std::string> piece) mutable {
        shared->finished(piece);
        resolver.settle(std::move(piece));
      });
  return std::move(promise);
}

Promise<void> FileReader::close() { return state().file.close(); }

/// Shared with the operation in flight.
struct FileWriter::State : std::enable_shared_from_this<FileWriter::State> {
  struct Job {
    std::string data;
    Resolver<void> resolver;
    bool closes = false;
  };

  explicit State(File its_file) : file(std::move(its_file)) {}

  Promise<void> add(std::string data, bool closes) {
    if (closing) return Promise<void>::reject(Error(UV_EBADF, closes ? "close" : "write"));
    closing = closes;
    auto [promise, resolver] = Promise<void>::with_resolver();
    queued += data.size();
    jobs.push_back({std::move(data), std::move(resolver), closes});
    if (jobs.size() == 1) start_next();
    return std::move(promise);
  }

  void start_next() {
    Job& job = jobs.front();
    running_size = job.data.size();
    auto fn = [self = shared_from_this()](Result<void> result) { self->finished(result); };
    if (job.closes) return file.close(std::move(fn));
    // After a failure the file does not stand where the next piece belongs.
    if (failure) return detail::fail_later<void>(*failure, std::move(fn));
    file.write(std::move(job.data), std::move(fn));
  }

  void finished(Result<void> result) {
    if (jobs.empty()) return;  // Given up meanwhile.
    Job job = std::move(jobs.front());
    jobs.pop_front();
    queued -= running_size;
    if (!result && !failure) failure = result.error();
    if (job.closes && failure) result = *failure;
    if (!jobs.empty()) start_next();
    job.resolver.settle(std::move(result));
  }

  void give_up() {
    file = File();
    queued = 0;
    for (Job& job : std::exchange(jobs, {})) {
      job.resolver.reject(Error(UV_ECANCELED, job.closes ? "close" : "write"));
    }
  }

  File file;
  std::deque<Job> jobs;  ///< The first one is under way.
  std::size_t queued = 0;
  std::size_t running_size = 0;
  bool closing = false;
  std::optional<Error> failure;
};

FileWriter::FileWriter(File file) : state_(std::make_shared<State>(std::move(file))) {}
FileWriter::FileWriter(FileWriter&&) noexcept = default;
FileWriter& FileWriter::operator=(FileWriter&& other) noexcept {
  FileWriter replaced(std::move(other));
  std::swap(state_, replaced.state_);
  return *this;
}
FileWriter::~FileWriter() {
  if (state_) state_->give_up();
}

FileWriter::State& FileWriter::state() const {
  if (!state_) detail::die_moved_from("FileWriter");
  return *state_;
}

Promise<void> FileWriter::write(std::string data) { return state().add(std::move(data), false); }

std::size_t FileWriter::queue_size() const noexcept { return state().queued; }

Promise<void> FileWriter::close() { return state().add({}, true); }

}  // namespace contrail::inline v0
