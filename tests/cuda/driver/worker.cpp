#include "worker.h"
#include <cstdlib>
#include <cstring>
#include <utility>
#include "api.h"
#include "settings.h"

// An access from nowhere is in no allocation: the first look at a site finds one.
static const Site NOWHERE{~uint64_t(0), 0};

Worker::Worker()
    : waiting(new Fiber*[MOST_THREADS]), ready(new Fiber*[MOST_THREADS]), shadow(SHARED_BYTES / 4), shared(static_cast<uint8_t*>(aligned_alloc(256, SHARED_BYTES))) {}

void Worker::work(Launch& of) {
  launch = &of;
  sites.assign(of.function->sites, NOWHERE);
  first = Thread{};
  for (int axis = 0; axis < 3; axis++) first.nctaid[axis] = of.grid[axis], first.ntid[axis] = of.block[axis];
  first.worker = this;
  first.sites = sites.data();
  first.shared = shared;
  first.shared_bytes = of.function->shared_bytes;
  first.shadow = shadow.data();
  first.barriers = &barriers;
  first.stack = STACK;
  count = of.threads();
  const uint64_t blocks = of.blocks();
  for (uint64_t block; (block = of.next++) < blocks;) run_block(settings().reversed ? blocks - 1 - block : block);
}

void Worker::run_block(uint64_t block) {
  first.ctaid[0] = block % launch->grid[0];
  first.ctaid[1] = block / launch->grid[0] % launch->grid[1];
  first.ctaid[2] = block / launch->grid[0] / launch->grid[1];
  if (const uint32_t bytes = launch->function->shared_bytes) {
    memset(shared, 0xff, bytes);
    if (settings().watch_shared) memset(shadow.data(), 0, (bytes + 3) / 4 * sizeof(Shadow));
  }
  next = 0;
  barriers = 1;
  ready_count = next_ready = 0;
  active = take_idle();
  home.change_to(*active);
}

void Worker::run_threads(void* worker) {
  Worker& w = *static_cast<Worker*>(worker);
  for (;;) {
    Fiber* self = w.active;
    while (w.next < w.count) {
      Thread thread = w.first;
      const uint32_t index = settings().reversed ? w.count - 1 - w.next : w.next;
      w.next++;
      thread.index = index;
      thread.tid[0] = index % thread.ntid[0];
      thread.tid[1] = index / thread.ntid[0] % thread.ntid[1];
      thread.tid[2] = index / thread.ntid[0] / thread.ntid[1];
      w.launch->function->run(w.launch->parameters, &thread);
    }
    w.idle.push_back(self);
    w.active = w.next_fiber();
    self->change_to(*w.active);
  }
}

Fiber* Worker::take_idle() {
  if (idle.empty()) return new Fiber(run_threads, this);
  Fiber* fiber = idle.back();
  idle.pop_back();
  return fiber;
}

Fiber* Worker::next_fiber() {
  return next_ready < ready_count ? ready[next_ready++] : after_round();
}

// Where none is ready: a thread that has not begun or, when all have, those that wait. What ended counts as arrived, as on a GPU.
Fiber* Worker::after_round() {
  if (next < count) return take_idle();
  if (!waiting_count) return &home;
  std::swap(ready, waiting);
  ready_count = waiting_count;
  waiting_count = 0;
  next_ready = 1;
  barriers++;
  return ready[0];
}

void Worker::barrier(uint32_t which) {
  if (!waiting_count) awaited = which;
  else if (awaited != which) standin_fail("threads of a block wait at different barriers");
  Fiber* self = active;
  waiting[waiting_count++] = self;
  active = next_fiber();
  if (self != active) self->change_to(*active);
}

API void standin_barrier(Thread* thread, uint32_t which) { thread->worker->barrier(which); }
