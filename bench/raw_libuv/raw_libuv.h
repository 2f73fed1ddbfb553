#pragma once

/* The bare twins: what one would write in C, on plain libuv, in place of contrail. Each does what
   the program of its name in bench/ does: the same system calls, the same number of callbacks, and
   memory where somebody who writes C by hand would need some. Failures end the process. */

#ifdef __cplusplus
extern "C" {
#endif

/* One-shot timers, each allocated, closed and freed, as what belongs to a request is. */
typedef struct RawTimers RawTimers;
RawTimers* raw_timers_open(void);
void raw_timers_fire(RawTimers* timers, int count); /* All are due when the loop runs. */
void raw_timers_clear(RawTimers* timers, int count);
void raw_timers_close(RawTimers* timers);

/* Over each connection there is one message under way, in turn there and back. */
typedef struct RawTcpEcho RawTcpEcho;
RawTcpEcho* raw_tcp_echo_open(int connections, int message_bytes);
void raw_tcp_echo_play(RawTcpEcho* echo, int rounds); /* On each connection. */
void raw_tcp_echo_close(RawTcpEcho* echo);

/* Two sockets that answer each other. */
typedef struct RawUdpPingPong RawUdpPingPong;
RawUdpPingPong* raw_udp_ping_pong_open(int message_bytes);
void raw_udp_ping_pong_play(RawUdpPingPong* game, int rounds);
void raw_udp_ping_pong_close(RawUdpPingPong* game);

/* Whoever is done asks again, until `count` have been asked. */
void raw_stat(const char* path, int in_flight, int count);

/* The same, of a function that adds one to what it is given. */
void raw_queue_work(int in_flight, int count);

/* Another thread fills a queue, guarded by a mutex, and wakes the loop each time. */
void raw_post(int count);

#ifdef __cplusplus
}
#endif
