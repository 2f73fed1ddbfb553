#include "contrail/dir.h"

#include "src/io/dir_stream.h"
#include "src/io/entry_handle.h"
#include "src/io/tree_stream.h"

namespace contrail::inline v0 {

struct Dir::State final : detail::EntryHandle<detail::DirStream, fs::DirEntry> {
  using EntryHandle::EntryHandle;
  using Public = Dir;
  const char* name() const noexcept override { return "Dir"; }
  static Dir hand_out(State* state) noexcept { return Dir(state); }
};

struct fs::Walk::State final : detail::EntryHandle<detail::TreeStream, fs::WalkEntry> {
  using EntryHandle::EntryHandle;
  using Public = Walk;
  const char* name() const noexcept override { return "Walk"; }
  static Walk hand_out(State* state) noexcept { return Walk(state); }
};

namespace {

/// Opens a Stream on the pool; the handle is born on the loop, as nobody: see Ground.
template <class State, class Stream, class Open>
struct OpenWork {
  Stream operator()(const fs::Path& path) const {
    if (chunk == 0) throw Error(UV_EINVAL, "opendir", path.string());
    return open(path);
  }
  Result<typename State::Public> finish(Result<Stream> opened, const fs::Details& details) const {
    if (!opened) return opened.error();
    return State::hand_out(new State(*std::move(opened), details.path, chunk, site));
  }

  std::size_t chunk;
  Open open;
  CreationSite site;
};

template <class State, class Stream, class Open>
void start_opening(std::string_view operation, const fs::Path& path, std::size_t chunk, Open open,
                   Callback<typename State::Public> fn, CreationSite site) {
  const OpenWork<State, Stream, Open> work{chunk, open, site};
  detail::start(operation, path, work, std::move(fn), site);
}

using detail::promised;

}  // namespace

void Dir::CloseState::operator()(State* state) const noexcept { state->let_go(); }

Dir::State& Dir::state() const { return detail::in_use(state_.get(), "Dir"); }

bool Dir::is_open() const noexcept { return state_ && state_->is_open(); }

AsyncId Dir::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

void Dir::read(Callback<std::optional<fs::DirEntry>> fn, CreationSite site) {
  state().read(std::move(fn), site);
}
void Dir::read_chunk(Callback<std::vector<fs::DirEntry>> fn, CreationSite site) {
  state().read_chunk(std::move(fn), site);
}
void Dir::close(Callback<void> fn, CreationSite site) { state().close(std::move(fn), site); }

Promise<std::optional<fs::DirEntry>> Dir::read(std::stop_token stop, CreationSite site) {
  using Entry = std::optional<fs::DirEntry>;
  return promised<Entry>(state().waiting(std::move(stop), site),
                         [&](Callback<Entry> fn) { read(std::move(fn), site); });
}

Promise<std::vector<fs::DirEntry>> Dir::read_chunk(std::stop_token stop, CreationSite site) {
  using Entries = std::vector<fs::DirEntry>;
  return promised<Entries>(state().waiting(std::move(stop), site),
                           [&](Callback<Entries> fn) { read_chunk(std::move(fn), site); });
}

Promise<void> Dir::close(CreationSite site) {
  return promised<void>(state().waiting({}, site),
                        [&](Callback<void> fn) { close(std::move(fn), site); });
}

namespace fs {

void open_dir(const Path& path, DirOptions options, Callback<Dir> fn, CreationSite site) {
  const auto open = [](const Path& what) { return detail::DirStream(what); };
  start_opening<Dir::State, detail::DirStream>("open_dir", path, options.chunk, open, std::move(fn),
                                               site);
}

void open_dir(const Path& path, Callback<Dir> fn, CreationSite site) {
  open_dir(path, {}, std::move(fn), site);
}

Promise<Dir> open_dir(const Path& path, DirOptions options, std::stop_token stop,
                      CreationSite site) {
  return promised<Dir>("open_dir", std::move(stop), site, open_dir, path, options);
}

void Walk::CloseState::operator()(State* state) const noexcept { state->let_go(); }

Walk::State& Walk::state() const { return detail::in_use(state_.get(), "Walk"); }

bool Walk::is_open() const noexcept { return state_ && state_->is_open(); }

AsyncId Walk::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

void Walk::next(Callback<std::optional<WalkEntry>> fn, CreationSite site) {
  state().read(std::move(fn), site);
}
void Walk::close(Callback<void> fn, CreationSite site) { state().close(std::move(fn), site); }

Promise<std::optional<WalkEntry>> Walk::next(std::stop_token stop, CreationSite site) {
  using Entry = std::optional<WalkEntry>;
  return promised<Entry>(state().waiting(std::move(stop), site),
                         [&](Callback<Entry> fn) { next(std::move(fn), site); });
}

Promise<void> Walk::close(CreationSite site) {
  return promised<void>(state().waiting({}, site),
                        [&](Callback<void> fn) { close(std::move(fn), site); });
}

void walk(const Path& path, WalkOptions options, Callback<Walk> fn, CreationSite site) {
  const auto open = [options](const Path& top) { return detail::TreeStream(top, options); };
  start_opening<Walk::State, detail::TreeStream>("walk", path, options.chunk, open, std::move(fn),
                                                 site);
}

void walk(const Path& path, Callback<Walk> fn, CreationSite site) {
  walk(path, {}, std::move(fn), site);
}

Promise<Walk> walk(const Path& path, WalkOptions options, std::stop_token stop, CreationSite site) {
  return promised<Walk>("walk", std::move(stop), site, walk, path, options);
}

}  // namespace fs
}  // namespace contrail::inline v0
