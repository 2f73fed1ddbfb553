// A real HTTP/1.1 server whose handler crosses everything that can lose a context, and a client
// that drives it over real sockets. At every hop the store that AsyncLocalStorage gives is compared
// with the request being served. `tools/demo` builds and runs it.

#include <contrail/contrail.h>
#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace contrail;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

struct Options {
  bool serve = false;
  std::uint16_t port = 0;
  std::size_t requests = 1000;
  std::size_t concurrency = 64;
  std::string trace = "traced_server.trace.json";  ///< Like the others, empty for none.
  std::string recording;
  std::string graph;
  bool quiet = false;
};

struct RequestContext {
  std::string id;
};

AsyncLocalStorage<RequestContext> current_request({.name = "request"});

struct Tally {
  std::size_t requests = 0;
  std::size_t hops = 0;
  std::size_t mix_ups = 0;
  std::vector<std::chrono::nanoseconds> latencies;
  std::map<std::string, std::size_t, std::less<>> resources;
};

Tally tally;
std::size_t lines_to_log = 6;

/// The text as a string of JSON. A client may send quotes, and bytes of any encoding: they are read
/// as Latin-1, as Node reads them, so that the line is valid whatever they were.
std::string json(std::string_view text) {
  std::string result = "\"";
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      result += {'\\', byte};
    } else if (code < 0x20 || code > 0x7e) {
      result += fmt::format("\\u{:04x}", code);
    } else {
      result += byte;
    }
  }
  return result += '"';
}

/// One line of JSON. The request id comes from the context: nobody passes it.
void log(std::string_view event) {
  if (lines_to_log == 0) return;
  --lines_to_log;
  const RequestContext* request = current_request.get_store();
  fmt::print("{{\"request\":{},\"event\":{},\"resource\":{}}}\n",
             request ? json(request->id) : "null", json(event),
             json(execution_async_resource().type));
}

/// Is this the context of the request that we know we are serving?
void check(std::string_view hop, const std::string& expected) {
  ++tally.hops;
  const RequestContext* found = current_request.get_store();
  if (found && found->id == expected) return;
  ++tally.mix_ups;
  fmt::print(stderr, "mix-up at {}: serving {}, context says {}\n", hop, expected,
             found ? found->id : "nothing");
}

/// A third-party pool, as an embedder would write it: jobs of many requests wait together and are
/// finished together, each as the resource that it is.
class Batch {
 public:
  void submit(Function<void()> done) {
    if (jobs_.empty()) set_timeout([this] { finish(); }, 2ms);
    jobs_.push_back({std::move(done)});
  }

 private:
  struct Job {
    Function<void()> done;
    AsyncResource resource{"BatchJob"};
  };

  void finish() {
    for (Job& job : std::exchange(jobs_, {})) job.resource.run_in_async_scope(job.done);
  }

  std::vector<Job> jobs_;
};

Batch batch;

/// Starts something that calls back, checks the context there, and resolves.
template <class Start>
Promise<> cross(std::string_view hop, const std::string& id, Start start) {
  auto [promise, resolver] = Promise<>::with_resolver();
  start([hop, id, resolver = std::move(resolver)]() mutable {
    check(hop, id);
    resolver.resolve();
  });
  return std::move(promise);
}

Promise<std::size_t> file_size(std::string id) {
  const auto text = co_await fs::read_file("/etc/os-release");
  check("file read", id);
  log("read the file");
  co_return text.size();
}

Promise<> serve(http::Request request, http::Response response, std::string id) {
  ++tally.requests;
  check("handler", id);
  log("request arrived");
  co_await cross("timer", id, [](auto fn) { set_timeout(std::move(fn), 1ms); });
  check("after the timer", id);
  co_await cross("immediate", id, [](auto fn) { set_immediate(std::move(fn)); });
  co_await cross("tick", id, [](auto fn) { next_tick(std::move(fn)); });
  co_await cross("user resource", id, [](auto fn) { batch.submit(std::move(fn)); });
  check("after the user resource", id);

  auto one = [id] { check("promise chain", id); };
  auto two = [id] { check("promise chain", id); };
  Promise<> chain = Promise<>::resolve().then(one).then(two);
  co_await chain;

  const std::size_t size = co_await file_size(id);
  check("after the coroutine", id);
  log("answering");
  response.headers().set("Content-Type", "text/plain").set("x-request-id", id);
  response.end(fmt::format("{} {}: a file of {} bytes\n", id, request.path(), size));
}

Promise<> handle(http::Request request, http::Response response) {
  static std::size_t unnamed = 0;
  const auto header = request.headers().get("x-request-id");
  std::string id = header ? std::string(*header) : fmt::format("unnamed-{}", ++unnamed);
  return current_request.run(RequestContext{id}, serve, std::move(request), std::move(response),
                             id);
}

/// One response from a kept-alive connection; the bytes after it stay in `pending`.
Promise<std::string> read_response(TcpSocket& socket, std::string& pending) {
  std::size_t end_of_head = std::string::npos;
  std::size_t length = 0;
  for (;;) {
    if (end_of_head == std::string::npos) {
      end_of_head = pending.find("\r\n\r\n");
      const auto field = pending.find("Content-Length: ");
      if (end_of_head != std::string::npos && field != std::string::npos) {
        const char* number = pending.data() + field + std::size("Content-Length: ") - 1;
        std::from_chars(number, pending.data() + end_of_head, length);
      }
    }
    if (end_of_head != std::string::npos && pending.size() >= end_of_head + 4 + length) break;
    std::byte buffer[4096];
    const std::size_t count = co_await socket.read(buffer);
    if (count == 0) throw std::runtime_error("the server closed the connection");
    pending += as_text(std::span(buffer, count));
  }
  std::string body = pending.substr(end_of_head + 4, length);
  pending.erase(0, end_of_head + 4 + length);
  co_return body;
}

/// One of the clients: sends requests down one connection until there are none left.
Promise<> client(SocketAddress server, std::size_t& left) {
  TcpSocket socket = co_await TcpSocket::connect(server);
  std::string pending;
  while (left > 0) {
    const std::string id = fmt::format("req-{}", left--);
    const auto start = Clock::now();
    co_await socket.write(
        fmt::format("GET /hello HTTP/1.1\r\nHost: {}\r\nx-request-id: {}\r\n\r\n", server, id));
    const std::string body = co_await read_response(socket, pending);
    tally.latencies.push_back(Clock::now() - start);
    if (!body.starts_with(id + " ")) {
      ++tally.mix_ups;
      fmt::print(stderr, "mix-up: asked as {}, answered as {}", id, body);
    }
  }
}

Promise<> drive(http::Server& server, const Options& options) {
  std::size_t left = options.requests;
  std::vector<Promise<>> clients;
  for (std::size_t i = 0; i < options.concurrency; ++i) {
    clients.push_back(client(server.address(), left));
  }
  co_await all(std::move(clients));
  server.close();
}

double milliseconds_at(double quantile) {
  auto& latencies = tally.latencies;
  if (latencies.empty()) return 0;
  std::sort(latencies.begin(), latencies.end());
  const auto at = static_cast<std::size_t>(quantile * static_cast<double>(latencies.size() - 1));
  return std::chrono::duration<double, std::milli>(latencies[at]).count();
}

void print_file(std::string_view what, const std::string& file, std::string_view use) {
  if (file.empty()) return;
  fmt::print("{:-<36}\n{}: {}\n  {}\n", "", what, std::filesystem::absolute(file).string(), use);
}

void print_table(const Options& options) {
  fmt::print("\n{:<24}{:>12}\n{:-<36}\n", "requests", tally.requests, "");
  fmt::print("{:<24}{:>12}\n{:<24}{:>12}\n", "hops checked", tally.hops, "mix-ups", tally.mix_ups);
  if (!options.serve) {
    fmt::print("{:<24}{:>9.2f} ms\n{:<24}{:>9.2f} ms\n", "p50", milliseconds_at(0.50), "p99",
               milliseconds_at(0.99));
  }
  if (!tally.resources.empty()) fmt::print("{:-<36}\nresources by type\n", "");
  for (const auto& [type, count] : tally.resources) fmt::print("  {:<22}{:>12}\n", type, count);
  print_file("trace", options.trace, "open it in https://ui.perfetto.dev");
  print_file("recording", options.recording, "read it with contrail-trace");
  print_file("graph", options.graph, "draw it with dot -Tsvg");
}

/// Waits for Ctrl-C on a thread of its own and tells the loop, which is allowed from any thread.
std::thread stop_on_signal(sigset_t signals, Loop& loop, http::Server& server,
                           Loop::KeepAlive alive) {
  auto stop = [&server, alive = std::make_shared<Loop::KeepAlive>(std::move(alive))]() mutable {
    fmt::print("\nstopping\n");
    server.close();
    alive.reset();
  };
  return std::thread([signals, &loop, stop = Function<void()>(std::move(stop))]() mutable {
    int signal = 0;
    sigwait(&signals, &signal);
    loop.post(std::move(stop));
  });
}

[[noreturn]] void usage(int status, std::string_view problem = {}) {
  if (!problem.empty()) fmt::print(stderr, "traced_server: {}\n", problem);
  fmt::print(status == 0 ? stdout : stderr,
             "usage: traced_server [--serve] [--port N] [--requests N] [--concurrency N]\n"
             "                     [--trace FILE | --no-trace] [--recording FILE] [--graph FILE]\n"
             "                     [--quiet]\n\n"
             "Serves HTTP on loopback with a handler that checks its context at every hop, and\n"
             "writes a trace for ui.perfetto.dev.\n\n"
             "  --serve          stay up for curl until Ctrl-C, instead of driving itself\n"
             "  --port N         listen there; 0, the default, lets the system choose\n"
             "  --requests N     how many requests to drive (1000)\n"
             "  --concurrency N  how many at a time (64)\n"
             "  --trace FILE     where to write the trace (traced_server.trace.json)\n"
             "  --no-trace       neither a trace nor a table of resources: no hooks\n"
             "  --recording FILE keep the latest events there, for contrail-trace\n"
             "  --graph FILE     write who caused whom there, for graphviz\n"
             "  --quiet          no line of JSON for each hop\n");
  std::exit(status);
}

template <class Number>
Number number(std::string_view option, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  usage(2, fmt::format("{} needs a number, not \"{}\"", option, text));
}

Options parse(std::vector<std::string_view> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = arguments[i];
    auto value = [&] {
      if (i + 1 == arguments.size()) usage(2, fmt::format("{} needs a value", option));
      return arguments[++i];
    };
    if (option == "--help" || option == "-h") usage(0);
    if (option == "--serve")
      options.serve = true;
    else if (option == "--port")
      options.port = number<std::uint16_t>(option, value());
    else if (option == "--requests")
      options.requests = number<std::size_t>(option, value());
    else if (option == "--concurrency")
      options.concurrency = number<std::size_t>(option, value());
    else if (option == "--trace")
      options.trace = value();
    else if (option == "--no-trace")
      options.trace.clear();
    else if (option == "--recording")
      options.recording = value();
    else if (option == "--graph")
      options.graph = value();
    else if (option == "--quiet")
      options.quiet = true;
    else
      usage(2, fmt::format("unknown option {}", option));
  }
  return options;
}

void run(const Options& options) {
  if (options.quiet) lines_to_log = 0;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (options.serve) pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Loop loop;
  std::optional<hooks::ChromeTrace> trace;
  AsyncHook counter({.init = [](const ResourceInfo& resource) {
    auto place = tally.resources.find(resource.type);
    if (place == tally.resources.end()) place = tally.resources.emplace(resource.type, 0).first;
    ++place->second;
  }});
  if (!options.trace.empty()) {
    trace.emplace(options.trace);
    counter.enable();
  }
  std::optional<hooks::FlightRecorder> recorder;
  if (!options.recording.empty()) recorder.emplace(options.recording);
  std::optional<hooks::TriggerGraph> graph;
  if (!options.graph.empty()) graph.emplace();

  http::Server server(handle);
  server.listen(SocketAddress::loopback(options.port));
  std::thread waiter;
  if (options.serve) {
    if (!options.quiet) lines_to_log = static_cast<std::size_t>(-1);
    fmt::print(
        "listening on http://{0}\ntry:  curl -H 'x-request-id: me' http://{0}/hello\n"
        "stop: Ctrl-C\n",
        server.address());
    std::fflush(stdout);
    waiter = stop_on_signal(signals, loop, server, loop.keep_alive());
  } else {
    fmt::print("{} requests, {} at a time, to http://{}\n", options.requests, options.concurrency,
               server.address());
    drive(server, options).detach();
  }
  loop.run();
  if (waiter.joinable()) waiter.join();
  if (graph) std::ofstream(options.graph) << graph->dot();
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse({argv + 1, argv + argc});
  try {
    run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "traced_server: {}\n", error.what());
    return 1;
  }
  print_table(options);
  return tally.mix_ups == 0 ? 0 : 1;
}
