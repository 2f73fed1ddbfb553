#include <string.h>

#include "must.h"
#include "raw_libuv.h"

struct RawUdpPingPong {
  uv_loop_t loop;
  uv_udp_t left;
  uv_udp_t right;
  int rounds_left;
  int message_bytes;
  char chunk[64 * 1024];
};

/* One that the system does not take at once would be lost, and the game with it: there never is
   more than one under way. */
static void send_to(uv_udp_t* socket, const char* data, size_t size, const struct sockaddr* to) {
  uv_buf_t buffer = uv_buf_init((char*)data, (unsigned)size);
  must(uv_udp_try_send(socket, &buffer, 1, to));
}

static void lend_chunk(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
  (void)suggested;
  RawUdpPingPong* game = handle->loop->data;
  *buffer = uv_buf_init(game->chunk, sizeof game->chunk);
}

static void on_message(uv_udp_t* socket, ssize_t count, const uv_buf_t* buffer,
                       const struct sockaddr* from, unsigned flags) {
  (void)flags;
  if (!from || count < 0) return;
  RawUdpPingPong* game = socket->loop->data;
  if (socket == &game->left && --game->rounds_left == 0) {
    uv_stop(socket->loop);
  } else {
    send_to(socket, buffer->base, (size_t)count, from);
  }
}

static void open_socket(RawUdpPingPong* game, uv_udp_t* socket) {
  struct sockaddr_in address;
  must(uv_ip4_addr("127.0.0.1", 0, &address));
  must(uv_udp_init(&game->loop, socket));
  must(uv_udp_bind(socket, (const struct sockaddr*)&address, 0));
  must(uv_udp_recv_start(socket, lend_chunk, on_message));
}

RawUdpPingPong* raw_udp_ping_pong_open(int message_bytes) {
  RawUdpPingPong* game = must_allocate(sizeof *game);
  must(uv_loop_init(&game->loop));
  game->loop.data = game;
  game->message_bytes = message_bytes;
  open_socket(game, &game->left);
  open_socket(game, &game->right);
  return game;
}

void raw_udp_ping_pong_play(RawUdpPingPong* game, int rounds) {
  struct sockaddr_storage to;
  int size = sizeof to;
  must(uv_udp_getsockname(&game->right, (struct sockaddr*)&to, &size));
  game->rounds_left = rounds;
  memset(game->chunk, 'x', (size_t)game->message_bytes);
  send_to(&game->left, game->chunk, (size_t)game->message_bytes, (const struct sockaddr*)&to);
  uv_run(&game->loop, UV_RUN_DEFAULT);
}

void raw_udp_ping_pong_close(RawUdpPingPong* game) {
  uv_close((uv_handle_t*)&game->left, NULL);
  uv_close((uv_handle_t*)&game->right, NULL);
  uv_run(&game->loop, UV_RUN_DEFAULT);
  must(uv_loop_close(&game->loop));
  free(game);
}
