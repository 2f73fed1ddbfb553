#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* A measurement of what failed would be none. */
static inline int must(int status) {
  if (status < 0) {
    fprintf(stderr, "raw_libuv: %s\n", uv_strerror(status));
    abort();
  }
  return status;
}

static inline void* must_allocate(size_t size) {
  void* memory = malloc(size);
  if (!memory) must(UV_ENOMEM);
  return memory;
}
