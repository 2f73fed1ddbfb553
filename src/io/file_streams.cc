// Files piece by piece.

#include <algorithm>
#include <deque>

#include "src/io/file_state.h"

namespace contrail::inline v0 {

/// Shared with the read in flight, which the reader does not wait for when it goes.
struct FileReader::State final : detail::Cancellable {
  State(File its_file, Options its_options) : file(std::move(its_file)), options(its_options) {}

  /// What has begun is waited for: the piece would be lost.
  bool cancel() noexcept override {
    if (under_way) under_way->cancel();
    return true;
  }
  void finished(const Result<std::string>& piece) {
    busy = false;
    under_way = nullptr;
    if (piece) options.start += piece->size();
  }

  File file;
  Options options;
  bool busy = false;
  detail::Cancellable* under_way = nullptr;
};

FileReader::FileReader(File file) : FileReader(std::move(file), Options{}) {}
FileReader::FileReader(File file, Options options)
    : state_(std::make_shared<State>(std::move(file), options)) {
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

Promise<std::string> FileReader::read(std::stop_token stop, CreationSite site) {
  State& reader = state();
  if (reader.busy) return Promise<std::string>::reject(Error(UV_EBUSY, "read"), site);
  const auto& [start, end, chunk] = reader.options;
  const std::uint64_t left = end ? *end - std::min(start, *end) : chunk;
  if (left == 0) return Promise<std::string>::resolve(std::string(), site);
  const std::uint64_t position = start;
  const std::size_t size = std::min<std::uint64_t>(left, chunk);
  return detail::promised<std::string>(
      {std::move(stop), site, "read"}, [&](Callback<std::string> fn) -> detail::Cancellable* {
        reader.busy = true;
        auto on_piece = [shared = state_, fn = std::move(fn)](Result<std::string> piece) mutable {
          shared->finished(piece);
          fn(std::move(piece));
        };
        reader.file.read_at(position, size, std::move(on_piece), site);
        reader.under_way = detail::last_submitted;
        return &reader;
      });
}

Promise<void> FileReader::close(CreationSite site) { return state().file.close(site); }

/// Shared with the operation in flight.
struct FileWriter::State final : std::enable_shared_from_this<FileWriter::State> {
  struct Job final : detail::Cancellable {
    Job(State& its_writer, std::string its_data, Callback<void> callback, bool is_last,
        CreationSite made_at)
        : writer(its_writer),
          data(std::move(its_data)),
          fn(std::move(callback)),
          closes(is_last),
          site(made_at) {}

    bool cancel() noexcept override { return writer.cancel(*this); }

    State& writer;
    std::string data;
    Callback<void> fn;
    bool closes;
    CreationSite site;
  };

  explicit State(File its_file) : file(std::move(its_file)) {}

  Promise<void> add(std::string data, bool closes, detail::Waiting waiting) {
    if (closing) return Promise<void>::reject(Error(UV_EBADF, waiting.syscall), waiting.site);
    return detail::promised<void>(waiting, [&](Callback<void> fn) {
      closing = closes;
      queued += data.size();
      jobs.push_back(
          std::make_unique<Job>(*this, std::move(data), std::move(fn), closes, waiting.site));
      detail::Cancellable* job = jobs.back().get();
      if (jobs.size() == 1) start_next();
      return job;
    });
  }

  /// What has begun cannot be taken back.
  bool cancel(Job& job) noexcept {
    if (!jobs.empty() && &job == jobs.front().get()) return false;
    const auto at = std::find_if(jobs.begin(), jobs.end(),
                                 [&](const auto& other) { return other.get() == &job; });
    if (at == jobs.end()) return true;  // It is being told.
    const std::unique_ptr<Job> canceled = std::move(*at);
    jobs.erase(at);
    queued -= canceled->data.size();
    canceled->fn(Error(UV_ECANCELED, "write"));
    return true;
  }

  void start_next() {
    Job& job = *jobs.front();
    running_size = job.data.size();
    auto fn = [self = shared_from_this()](Result<void> result) { self->finished(result); };
    if (job.closes) return file.close(std::move(fn), job.site);
    // After a failure the file does not stand where the next piece belongs.
    if (failure) return detail::tell_later<void>(std::move(fn), *failure, job.site);
    file.write(std::move(job.data), std::move(fn), job.site);
  }

  void finished(Result<void> result) {
    if (jobs.empty()) return;  // Given up meanwhile.
    const std::unique_ptr<Job> job = std::move(jobs.front());
    jobs.pop_front();
    queued -= running_size;
    if (!result && !failure) failure = result.error();
    if (job->closes && failure) result = *failure;
    if (!jobs.empty()) start_next();
    job->fn(std::move(result));
  }

  void give_up() {
    file = File();
    queued = 0;
    for (const auto& job : std::exchange(jobs, {})) {
      job->fn(Error(UV_ECANCELED, job->closes ? "close" : "write"));
    }
  }

  File file;
  std::deque<std::unique_ptr<Job>> jobs;  ///< The first one is under way.
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

Promise<void> FileWriter::write(std::string data, std::stop_token stop, CreationSite site) {
  return state().add(std::move(data), false, {std::move(stop), site, "write"});
}

std::size_t FileWriter::queue_size() const noexcept { return state().queued; }

Promise<void> FileWriter::close(CreationSite site) {
  return state().add({}, true, {{}, site, "close"});
}

}  // namespace contrail::inline v0
