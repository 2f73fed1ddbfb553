#include "must.h"
#include "raw_libuv.h"

struct Posted {
  struct Posted* next;
  void (*fn)(void* data);
  void* data;
};

struct Queue {
  uv_loop_t loop;
  uv_async_t wake;
  uv_mutex_t mutex;
  struct Posted* first; /* Guarded by the mutex, as is last. */
  struct Posted** last;
  int count;
  int heard;
};

static void post(struct Queue* queue, void (*fn)(void*), void* data) {
  struct Posted* posted = must_allocate(sizeof *posted);
  *posted = (struct Posted){NULL, fn, data};
  uv_mutex_lock(&queue->mutex);
  *queue->last = posted;
  queue->last = &posted->next;
  uv_mutex_unlock(&queue->mutex);
  uv_async_send(&queue->wake);
}

static void hear(void* data) {
  struct Queue* queue = data;
  if (++queue->heard == queue->count) uv_close((uv_handle_t*)&queue->wake, NULL);
}

static void on_wake(uv_async_t* wake) {
  struct Queue* queue = wake->data;
  uv_mutex_lock(&queue->mutex);
  struct Posted* due = queue->first;
  queue->first = NULL;
  queue->last = &queue->first;
  uv_mutex_unlock(&queue->mutex);
  while (due) {
    struct Posted* posted = due;
    due = posted->next;
    posted->fn(posted->data);
    free(posted);
  }
}

static void post_all(void* data) {
  struct Queue* queue = data;
  for (int i = 0; i < queue->count; ++i) post(queue, hear, queue);
}

void raw_post(int count) {
  struct Queue queue = {.count = count};
  queue.last = &queue.first;
  must(uv_loop_init(&queue.loop));
  must(uv_mutex_init(&queue.mutex));
  must(uv_async_init(&queue.loop, &queue.wake, on_wake));
  queue.wake.data = &queue;
  uv_thread_t thread;
  must(uv_thread_create(&thread, post_all, &queue));
  uv_run(&queue.loop, UV_RUN_DEFAULT);
  must(uv_thread_join(&thread));
  uv_mutex_destroy(&queue.mutex);
  must(uv_loop_close(&queue.loop));
}
