// Loads and stores, and what is checked before them.
#pragma once
#include <cstring>
#include "thread.h"

namespace ptx {
// A GPU refuses an access that is not aligned to its size.
static inline void aligned(uint64_t address, uint64_t bytes) {
  if (__builtin_expect(address & (bytes - 1), 0)) standin_fail("misaligned access");
}

// Global memory: within one live allocation.
static inline uint64_t global(Thread* T, uint32_t site, uint64_t address, uint64_t bytes) {
  Site& seen = T->sites[site];
  if (__builtin_expect(address - seen.low > seen.last, 0)) standin_find(&seen, address, bytes);
  aligned(address, bytes);
  return address;
}

// An address that does not say which memory: shared, the thread's own (below `T` on its stack), or global.
static inline uint64_t generic(Thread* T, uint32_t site, uint64_t address, uint64_t bytes) {
  if (address - uint64_t(T->shared) < T->shared_bytes || uint64_t(T) - address < T->stack) return address;
  return global(T, site, address, bytes);
}

static inline uint64_t shared(Thread* T, uint64_t offset, uint64_t bytes) {
  if (__builtin_expect(offset + bytes > T->shared_bytes || offset > T->shared_bytes, 0)) standin_fail("access outside shared memory");
  aligned(offset, bytes);
  return uint64_t(T->shared) + offset;
}

#ifdef STANDIN_WATCH_SHARED
// Reads of what nobody wrote, and reads and writes by two threads without a barrier between them.
static const uint32_t SEVERAL = 1024;
static inline bool of_another(Thread* T, uint32_t mark) { return mark / 2048 == *T->barriers && mark % 2048 != T->index; }
static inline uint32_t mark_of(Thread* T) { return *T->barriers * 2048 + T->index; }

static inline uint64_t shared_load(Thread* T, uint64_t offset, uint64_t bytes) {
  const uint64_t address = shared(T, offset, bytes);
  for (uint64_t word = offset / 4; word < (offset + bytes + 3) / 4; word++) {
    Shadow& shadow = T->shadow[word];
    if (!shadow.wrote) standin_fail("read of shared memory that nobody wrote");
    if (of_another(T, shadow.wrote)) standin_fail("read of shared memory that another thread writes before the next barrier");
    if (of_another(T, shadow.read)) shadow.read |= SEVERAL;
    else shadow.read = mark_of(T);
  }
  return address;
}
static inline uint64_t shared_store(Thread* T, uint64_t offset, uint64_t bytes) {
  const uint64_t address = shared(T, offset, bytes);
  for (uint64_t word = offset / 4; word < (offset + bytes + 3) / 4; word++) {
    Shadow& shadow = T->shadow[word];
    if (bytes >= 4 && (of_another(T, shadow.wrote) || of_another(T, shadow.read)))
      standin_fail("write of shared memory that another thread reads or writes before the next barrier");
    shadow.wrote = mark_of(T);
  }
  return address;
}
static inline uint64_t shared_atomic(Thread* T, uint64_t offset, uint64_t bytes) {
  const uint64_t address = shared(T, offset, bytes);
  for (uint64_t word = offset / 4; word < (offset + bytes + 3) / 4; word++) {
    if (!T->shadow[word].wrote) standin_fail("read of shared memory that nobody wrote");
  }
  return address;
}
#else
static inline uint64_t shared_load(Thread* T, uint64_t offset, uint64_t bytes) { return shared(T, offset, bytes); }
static inline uint64_t shared_store(Thread* T, uint64_t offset, uint64_t bytes) { return shared(T, offset, bytes); }
static inline uint64_t shared_atomic(Thread* T, uint64_t offset, uint64_t bytes) { return shared(T, offset, bytes); }
#endif

template <class T> static inline T load(uint64_t address) {
  T value;
  memcpy(&value, (const void*)address, sizeof value);
  return value;
}
template <class T> static inline void store(uint64_t address, T value) { memcpy((void*)address, &value, sizeof value); }

template <size_t N> struct Unsigned;
template <> struct Unsigned<1> { using type = uint8_t; };
template <> struct Unsigned<2> { using type = uint16_t; };
template <> struct Unsigned<4> { using type = uint32_t; };
template <> struct Unsigned<8> { using type = uint64_t; };
// Integers of a type's size.
template <class T> using raw = typename Unsigned<sizeof(T)>::type;

template <class To, class From> static inline To bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

// Blocks may run on several threads of this machine. Returns the old value.
template <class T, class Change> static inline T atomic(uint64_t address, Change change) {
  auto* place = (raw<T>*)address;
  raw<T> old = __atomic_load_n(place, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(place, &old, bits<raw<T>>(change(bits<T>(old))), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
  }
  return bits<T>(old);
}
}  // namespace ptx
