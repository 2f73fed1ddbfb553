#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "contrail/http/server.h"
#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "tcp_test.h"

namespace contrail::http {

/// Text without its Date lines, of which it must have one per response of ours.
inline std::string without_dates(std::string text) {
  for (std::size_t at; (at = text.find("Date: ")) != text.npos;) {
    text.erase(at, text.find("\r\n", at) + 2 - at);
  }
  return text;
}

inline constexpr const char* plain_get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
inline constexpr const char* last_get = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
inline constexpr const char* ok_response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
inline constexpr const char* last_ok_response =
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/// A server on loopback, and clients who talk to it in plain bytes.
class HttpTest : public TcpTest {
 protected:
  struct Client {
    explicit Client(TcpSocket connected) : socket(std::move(connected)) { collect(socket, got); }
    void send(std::string text) { socket.write(std::move(text), ignore); }
    /// All that came, without Date lines.
    std::string text() const { return without_dates(got.text); }
    bool has(std::string_view part) const { return got.text.find(part) != got.text.npos; }

    TcpSocket socket;
    Collected got;
  };

  template <class Handler>
  Server& serve(Handler handler, ServerOptions options = {}) {
    server.emplace(std::move(handler), options);
    return server->listen(SocketAddress::loopback());
  }
  /// Answers everything with "ok".
  Server& serve_ok(ServerOptions options = {}) {
    return serve(
        [this](Request, Response response) {
          ++handled;
          response.end("ok");
        },
        options);
  }
  /// Answers with the body of the request.
  Server& serve_echo(ServerOptions options = {}) {
    return serve(
        [](Request request, Response response) -> Promise<void> {
          std::string body = co_await request.text();
          response.end(std::move(body));
        },
        options);
  }

  std::unique_ptr<Client> connect() {
    return std::make_unique<Client>(wait(TcpSocket::connect(server->address())));
  }
  /// Sends it all and returns what comes until the server ends the connection.
  std::string talk(std::string request) {
    auto client = connect();
    client->send(std::move(request));
    run_until([&] { return client->got.over(); });
    return client->text();
  }
  /// The same for a request without a body, with Host and `Connection: close` added to its fields.
  std::string get(std::string_view request_line, std::string_view fields = {}) {
    return talk(std::string(request_line) + "\r\nHost: h\r\nConnection: close\r\n" +
                std::string(fields) + "\r\n");
  }

  void TearDown() override {
    server.reset();
    TcpTest::TearDown();
  }

  std::optional<Server> server;
  int handled = 0;
};

inline std::string body_of(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == response.npos ? "no response: " + response : response.substr(end + 4);
}
inline std::string status_of(const std::string& response) {
  constexpr std::size_t at = std::string_view("HTTP/1.1 ").size();
  return response.size() < at + 3 ? "no response: " + response : response.substr(at, 3);
}

}  // namespace contrail::http
