// Runs blocks, one after the other.
#pragma once
#include <atomic>
#include <vector>
#include "fiber.h"
#include "modules.h"

// One launch: what every worker of it runs.
struct Launch {
  const Function* function;
  void** parameters;
  uint32_t grid[3], block[3];
  std::atomic<uint64_t> next{0};  // the block that nobody took yet

  uint64_t blocks() const { return uint64_t(grid[0]) * grid[1] * grid[2]; }
  uint32_t threads() const { return block[0] * block[1] * block[2]; }
};

// As many threads as a block may have.
static const uint32_t MOST_THREADS = 1024;

struct Worker {
  Worker();

  // Takes blocks until none is left.
  void work(Launch& launch);

  // The running thread has come to a barrier.
  inline void barrier(uint32_t which);

 private:
  // Threads of a block run on one stack, one after the other, until one has to wait. Then the next goes on upon a stack of its own.
  static void run_threads(void* worker);
  void run_block(uint64_t block);
  Fiber* take_idle();
  inline Fiber* next_fiber();
  Fiber* after_round();

  Fiber* active = &home;
  Fiber **waiting, **ready;  // at the barrier, and those that the last one held
  uint32_t waiting_count = 0, ready_count = 0, next_ready = 0;
  uint32_t next = 0, count = 0;  // threads of the block that began, and all
  uint32_t barriers = 1;         // that the block passed, and one
  uint32_t awaited = 0;          // the barrier at which threads wait
  Fiber home;
  const Launch* launch = nullptr;
  Thread first{};
  std::vector<Fiber*> idle;
  std::vector<Site> sites;
  std::vector<Shadow> shadow;
  uint8_t* shared;
};
