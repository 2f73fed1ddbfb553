#include "must.h"
#include "raw_libuv.h"

struct RawTimers {
  uv_loop_t loop;
  int fired;
};

RawTimers* raw_timers_open(void) {
  RawTimers* timers = must_allocate(sizeof *timers);
  must(uv_loop_init(&timers->loop));
  return timers;
}

static void free_timer(uv_handle_t* timer) { free(timer); }

static void on_timer(uv_timer_t* timer) {
  RawTimers* timers = timer->data;
  ++timers->fired;
  uv_close((uv_handle_t*)timer, free_timer);
}

static uv_timer_t* start_timer(RawTimers* timers, uint64_t delay) {
  uv_timer_t* timer = must_allocate(sizeof *timer);
  uv_timer_init(&timers->loop, timer);
  timer->data = timers;
  uv_timer_start(timer, on_timer, delay, 0);
  return timer;
}

void raw_timers_fire(RawTimers* timers, int count) {
  timers->fired = 0;
  uv_update_time(&timers->loop);
  for (int i = 0; i < count; ++i) start_timer(timers, 1);
  uv_run(&timers->loop, UV_RUN_DEFAULT);
  if (timers->fired != count) must(UV_EINVAL);
}

void raw_timers_clear(RawTimers* timers, int count) {
  for (int i = 0; i < count; ++i) {
    uv_timer_t* timer = start_timer(timers, 1000);
    uv_timer_stop(timer);
    uv_close((uv_handle_t*)timer, free_timer);
  }
  uv_run(&timers->loop, UV_RUN_NOWAIT);
}

void raw_timers_close(RawTimers* timers) {
  must(uv_loop_close(&timers->loop));
  free(timers);
}
