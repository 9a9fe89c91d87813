// How a wrong program ends: with one line, at once.
#include <cstdio>
#include <cstdlib>
#include "../kernel/thread.h"
#include "api.h"
#include "state.h"

static const char* running = "a call of the host";

Running::Running(const char* what) { running = what; }
Running::~Running() { running = "a call of the host"; }

API void standin_fail(const char* why) {
  fprintf(stderr, "stand-in CUDA: %s, in %s\n", why, running);
  abort();
}

API void standin_assertion(const char* what, const char* file, uint32_t line) {
  fprintf(stderr, "stand-in CUDA: assertion `%s` of %s:%u fails, in %s\n", what, file, line, running);
  abort();
}
