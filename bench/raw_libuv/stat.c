#include "must.h"
#include "raw_libuv.h"

struct Asking {
  const char* path;
  int left; /* To be started. */
};

static void on_stat(uv_fs_t* request) {
  must((int)request->result);
  struct Asking* asking = request->data;
  uv_fs_req_cleanup(request);
  if (asking->left == 0) return;
  --asking->left;
  must(uv_fs_stat(request->loop, request, asking->path, on_stat));
}

void raw_stat(const char* path, int in_flight, int count) {
  uv_loop_t loop;
  must(uv_loop_init(&loop));
  struct Asking asking = {path, count - in_flight};
  uv_fs_t* requests = must_allocate((size_t)in_flight * sizeof *requests);
  for (int i = 0; i < in_flight; ++i) {
    requests[i].data = &asking;
    must(uv_fs_stat(&loop, &requests[i], path, on_stat));
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  free(requests);
  must(uv_loop_close(&loop));
}
