// Device memory, which is memory of the host.
#pragma once
#include <cstddef>
#include <cstdint>

struct MemoryTotals {
  uint64_t used, most_used, allocations, live;
};
MemoryTotals memory_totals();

// A module's own variables are device memory too.
void add_variable(const void* address, size_t bytes);
