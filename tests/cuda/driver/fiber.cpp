#include "fiber.h"
#include <mutex>
#include <sys/mman.h>
#include "../kernel/thread.h"

// Returns the end of a new stack. Stacks lie in large pages, for which the processor's table of pages has room. Were they a
// power of two apart, they would share few sets of its cache: so each is shifted.
static char* new_stack() {
  static const size_t large = 2 << 20, together = 16 * large;
  static std::mutex mutex;
  static char *next = nullptr, *end = nullptr;
  static unsigned number = 0;
  std::lock_guard guard(mutex);
  if (uint64_t(end - next) < STACK) {
    void* area = mmap(nullptr, together + large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED) standin_fail("no memory for stacks");
    next = reinterpret_cast<char*>((reinterpret_cast<uint64_t>(area) + large - 1) / large * large);
    end = next + together;
    madvise(next, together, MADV_HUGEPAGE);
  }
  next += STACK;
  return next - number++ * 448 % 8192 / 64 * 64;
}

#ifdef __x86_64__

// The address that `change_to` goes on at, where a fiber has not run yet.
asm(R"(
.text
standin_begin:
  movq (%rsp), %rdi
  callq *8(%rsp)
  ud2
)");
extern "C" void standin_begin();

Fiber::Fiber(void (*main)(void*), void* argument) {
  // `call` wants the pointer to be a multiple of 16.
  uint64_t* top = reinterpret_cast<uint64_t*>(new_stack()) - 4;
  top[0] = reinterpret_cast<uint64_t>(argument);
  top[1] = reinterpret_cast<uint64_t>(main);
  top[-1] = reinterpret_cast<uint64_t>(standin_begin);
  stack = reinterpret_cast<uint64_t>(top - 1);
}

#else

// `makecontext` passes integers alone.
static void begin(unsigned main_high, unsigned main_low, unsigned argument_high, unsigned argument_low) {
  auto whole = [](unsigned high, unsigned low) { return uint64_t(high) << 32 | low; };
  reinterpret_cast<void (*)(void*)>(whole(main_high, main_low))(reinterpret_cast<void*>(whole(argument_high, argument_low)));
}

Fiber::Fiber(void (*main)(void*), void* argument) {
  getcontext(&context);
  const uint64_t shifts = 8192;
  context.uc_stack.ss_size = STACK - shifts;
  context.uc_stack.ss_sp = new_stack() - context.uc_stack.ss_size;
  const uint64_t start = reinterpret_cast<uint64_t>(main), with = reinterpret_cast<uint64_t>(argument);
  makecontext(&context, reinterpret_cast<void (*)()>(begin), 4, unsigned(start >> 32), unsigned(start), unsigned(with >> 32), unsigned(with));
}

#endif
