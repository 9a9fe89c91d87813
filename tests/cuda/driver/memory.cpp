#include "memory.h"
#include <cstdlib>
#include <cstring>
#include <map>
#include "../kernel/thread.h"
#include "api.h"
#include "report.h"
#include "settings.h"
#include "state.h"

// All ones: not-a-number as a float, too large as an index.
static const int NOBODY_WROTE = 0xff;

// Address to bytes. Never destroyed: the report is written after static objects may be gone.
static std::map<uint64_t, uint64_t>& live = *new std::map<uint64_t, uint64_t>;
static MemoryTotals totals{};

MemoryTotals memory_totals() { return {totals.used, totals.most_used, totals.allocations, live.size()}; }
void add_variable(const void* address, size_t bytes) { live[uint64_t(address)] = bytes; }

// The allocation that a range is within.
static bool find(uint64_t address, uint64_t bytes, uint64_t* low, uint64_t* size) {
  auto after = live.upper_bound(address);
  if (after == live.begin()) return false;
  auto found = std::prev(after);
  *low = found->first, *size = found->second;
  return bytes <= *size && address - *low <= *size - bytes;
}

// No allocation is made or freed while a launch runs, so that its threads may look without the lock.
API void standin_find(Site* site, uint64_t address, uint64_t bytes) {
  uint64_t size;
  if (!find(address, bytes, &site->low, &size)) standin_fail("access outside live device memory");
  site->last = size - bytes;
}

static void check(uint64_t address, uint64_t bytes) {
  uint64_t low, size;
  if (bytes && !find(address, bytes, &low, &size)) standin_fail("access outside live device memory");
}

API Result cuMemAlloc_v2(uint64_t* out, size_t bytes) {
  std::lock_guard guard(lock);
  if (!has_context()) return INVALID_CONTEXT;
  if (!bytes) return INVALID_VALUE;
  if (bytes > settings().memory || totals.used > settings().memory - bytes) return OUT_OF_MEMORY;
  void* address = aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (!address) return OUT_OF_MEMORY;
  memset(address, NOBODY_WROTE, bytes);
  live[uint64_t(address)] = bytes;
  totals.used += bytes, totals.allocations++;
  if (totals.used > totals.most_used) totals.most_used = totals.used;
  *out = uint64_t(address);
  return OK;
}
API Result cuMemFree_v2(uint64_t address) {
  std::lock_guard guard(lock);
  if (!has_context()) return INVALID_CONTEXT;
  if (!address) return OK;
  auto found = live.find(address);
  if (found == live.end()) return INVALID_VALUE;
  totals.used -= found->second;
  live.erase(found);
  free(reinterpret_cast<void*>(address));
  return OK;
}
// cudarc asks a pool for nothing and gives that back, which real devices bear.
API Result cuMemAllocAsync(uint64_t* out, size_t bytes, void*) {
  if (bytes || !has_context()) return cuMemAlloc_v2(out, bytes);
  *out = 0;
  return OK;
}
API Result cuMemFreeAsync(uint64_t address, void*) { return cuMemFree_v2(address); }
API Result cuMemGetInfo_v2(size_t* available, size_t* total) {
  std::lock_guard guard(lock);
  if (!has_context()) return INVALID_CONTEXT;
  *total = settings().memory;
  *available = settings().memory - totals.used;
  return OK;
}

static Result copy(Direction direction, uint64_t to, uint64_t from, size_t bytes) {
  std::lock_guard guard(lock);
  if (!has_context()) return INVALID_CONTEXT;
  Running now("a copy");
  if (direction != Direction::FromDevice) check(to, bytes);
  if (direction != Direction::ToDevice) check(from, bytes);
  memmove(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
  count_copy(direction, bytes);
  return OK;
}
API Result cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t bytes) { return copy(Direction::ToDevice, to, uint64_t(from), bytes); }
API Result cuMemcpyDtoH_v2(void* to, uint64_t from, size_t bytes) { return copy(Direction::FromDevice, uint64_t(to), from, bytes); }
API Result cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t bytes) { return copy(Direction::OnDevice, to, from, bytes); }
API Result cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, void*) { return cuMemcpyHtoD_v2(to, from, bytes); }
API Result cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, void*) { return cuMemcpyDtoH_v2(to, from, bytes); }
API Result cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void*) { return cuMemcpyDtoD_v2(to, from, bytes); }

API Result cuMemsetD8_v2(uint64_t to, unsigned char value, size_t bytes) {
  std::lock_guard guard(lock);
  if (!has_context()) return INVALID_CONTEXT;
  Running now("a fill");
  check(to, bytes);
  memset(reinterpret_cast<void*>(to), value, bytes);
  count_fill(bytes);
  return OK;
}
API Result cuMemsetD8Async(uint64_t to, unsigned char value, size_t bytes, void*) { return cuMemsetD8_v2(to, value, bytes); }
