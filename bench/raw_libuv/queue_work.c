#include "must.h"
#include "raw_libuv.h"

struct Job {
  uv_work_t request;
  int* left; /* To be started. */
  int value;
};

static void add_one(uv_work_t* request) {
  struct Job* job = request->data;
  ++job->value;
}

static void on_done(uv_work_t* request, int status) {
  must(status);
  struct Job* job = request->data;
  if (*job->left == 0) return;
  --*job->left;
  must(uv_queue_work(request->loop, request, add_one, on_done));
}

void raw_queue_work(int in_flight, int count) {
  uv_loop_t loop;
  must(uv_loop_init(&loop));
  int left = count - in_flight;
  struct Job* jobs = must_allocate((size_t)in_flight * sizeof *jobs);
  for (int i = 0; i < in_flight; ++i) {
    jobs[i] = (struct Job){.left = &left};
    jobs[i].request.data = &jobs[i];
    must(uv_queue_work(&loop, &jobs[i].request, add_one, on_done));
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  free(jobs);
  must(uv_loop_close(&loop));
}
