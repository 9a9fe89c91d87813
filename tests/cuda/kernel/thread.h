// What driver and kernels know of a thread.
#pragma once
#include <cstddef>
#include <cstdint>

// The allocation in which an access was found last in this launch.
struct Site {
  uint64_t low;
  uint64_t last;  // the furthest from `low` that the access may start
};

// Who wrote and read four bytes of shared memory: barriers passed times 2,048, plus the thread. 0 is nobody.
struct Shadow {
  uint32_t wrote, read;
};

struct Thread {
  uint32_t tid[3], ntid[3], ctaid[3], nctaid[3];
  uint32_t index;  // in its block
  bool carry;
  struct Worker* worker;
  Site* sites;
  uint8_t* shared;
  uint32_t shared_bytes;
  uint32_t stack;  // bytes below this, where the kernel keeps its own
  Shadow* shadow;
  const uint32_t* barriers;  // that the block has passed, and one
};

extern "C" {
void standin_barrier(Thread* thread, uint32_t which);
[[noreturn]] void standin_fail(const char* why);
[[noreturn]] void standin_assertion(const char* what, const char* file, uint32_t line);
void standin_find(Site* site, uint64_t address, uint64_t bytes);
}
