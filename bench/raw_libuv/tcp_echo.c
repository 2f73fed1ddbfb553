#include <string.h>

#include "must.h"
#include "raw_libuv.h"

struct Client {
  uv_tcp_t tcp;
  uv_connect_t connect;
  RawTcpEcho* echo;
  int rounds_left;
  int bytes_left; /* Of the answer. */
};

struct RawTcpEcho {
  uv_loop_t loop;
  uv_tcp_t server;
  uv_tcp_t* accepted;
  struct Client* clients;
  int connections;
  int connected;
  int accepted_count;
  int playing;
  int message_bytes;
  char* message;
  char chunk[64 * 1024];
};

struct Write {
  uv_write_t request;
  char data[];
};

static void on_written(uv_write_t* request, int status) {
  if (status != UV_ECANCELED) must(status);
  free(request->data);
}

/* At once if the system takes it, as it does with so little. */
static void write_all(uv_stream_t* stream, const char* data, int size) {
  uv_buf_t buffer = uv_buf_init((char*)data, (unsigned)size);
  int written = uv_try_write(stream, &buffer, 1);
  if (written == size) return;
  if (written == UV_EAGAIN) written = 0;
  size_t rest = (size_t)(size - must(written));
  struct Write* write = must_allocate(sizeof *write + rest);
  write->request.data = write;
  memcpy(write->data, data + written, rest);
  buffer = uv_buf_init(write->data, (unsigned)rest);
  must(uv_write(&write->request, stream, &buffer, 1, on_written));
}

static void lend_chunk(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
  (void)suggested;
  RawTcpEcho* echo = handle->loop->data;
  *buffer = uv_buf_init(echo->chunk, sizeof echo->chunk);
}

static void on_question(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count > 0) write_all(stream, buffer->base, (int)count);
}

static void ask(struct Client* client) {
  client->bytes_left = client->echo->message_bytes;
  write_all((uv_stream_t*)&client->tcp, client->echo->message, client->echo->message_bytes);
}

static void on_answer(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  (void)buffer;
  if (count <= 0) return;
  struct Client* client = stream->data;
  client->bytes_left -= (int)count;
  if (client->bytes_left > 0) return;
  if (--client->rounds_left > 0) {
    ask(client);
  } else if (--client->echo->playing == 0) {
    uv_stop(stream->loop);
  }
}

static void stop_if_complete(RawTcpEcho* echo) {
  if (echo->connected == echo->connections && echo->accepted_count == echo->connections) {
    uv_stop(&echo->loop);
  }
}

static void on_connection(uv_stream_t* server, int status) {
  must(status);
  RawTcpEcho* echo = server->loop->data;
  uv_tcp_t* tcp = &echo->accepted[echo->accepted_count++];
  must(uv_tcp_init(server->loop, tcp));
  must(uv_accept(server, (uv_stream_t*)tcp));
  must(uv_tcp_nodelay(tcp, 1));
  must(uv_read_start((uv_stream_t*)tcp, lend_chunk, on_question));
  stop_if_complete(echo);
}

static void on_connect(uv_connect_t* request, int status) {
  must(status);
  struct Client* client = request->data;
  must(uv_tcp_nodelay(&client->tcp, 1));
  must(uv_read_start((uv_stream_t*)&client->tcp, lend_chunk, on_answer));
  ++client->echo->connected;
  stop_if_complete(client->echo);
}

static void listen_on_loopback(RawTcpEcho* echo, struct sockaddr_in* address) {
  int size = sizeof *address;
  must(uv_ip4_addr("127.0.0.1", 0, address));
  must(uv_tcp_init(&echo->loop, &echo->server));
  must(uv_tcp_bind(&echo->server, (const struct sockaddr*)address, 0));
  must(uv_listen((uv_stream_t*)&echo->server, 511, on_connection));
  must(uv_tcp_getsockname(&echo->server, (struct sockaddr*)address, &size));
}

RawTcpEcho* raw_tcp_echo_open(int connections, int message_bytes) {
  RawTcpEcho* echo = must_allocate(sizeof *echo);
  memset(echo, 0, sizeof *echo);
  must(uv_loop_init(&echo->loop));
  echo->loop.data = echo;
  echo->connections = connections;
  echo->accepted = must_allocate((size_t)connections * sizeof *echo->accepted);
  echo->clients = must_allocate((size_t)connections * sizeof *echo->clients);
  echo->message_bytes = message_bytes;
  echo->message = must_allocate((size_t)message_bytes);
  memset(echo->message, 'x', (size_t)message_bytes);
  struct sockaddr_in address;
  listen_on_loopback(echo, &address);
  for (int i = 0; i < connections; ++i) {
    struct Client* client = &echo->clients[i];
    client->echo = echo;
    must(uv_tcp_init(&echo->loop, &client->tcp));
    client->tcp.data = client->connect.data = client;
    must(uv_tcp_connect(&client->connect, &client->tcp, (const struct sockaddr*)&address,
                        on_connect));
  }
  uv_run(&echo->loop, UV_RUN_DEFAULT);
  return echo;
}

void raw_tcp_echo_play(RawTcpEcho* echo, int rounds) {
  echo->playing = echo->connections;
  for (int i = 0; i < echo->connections; ++i) {
    echo->clients[i].rounds_left = rounds;
    ask(&echo->clients[i]);
  }
  uv_run(&echo->loop, UV_RUN_DEFAULT);
}

void raw_tcp_echo_close(RawTcpEcho* echo) {
  for (int i = 0; i < echo->connections; ++i) {
    uv_close((uv_handle_t*)&echo->clients[i].tcp, NULL);
    uv_close((uv_handle_t*)&echo->accepted[i], NULL);
  }
  uv_close((uv_handle_t*)&echo->server, NULL);
  uv_run(&echo->loop, UV_RUN_DEFAULT);
  must(uv_loop_close(&echo->loop));
  free(echo->message);
  free(echo->clients);
  free(echo->accepted);
  free(echo);
}
