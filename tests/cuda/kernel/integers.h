// Bits, halves of products and carries.
#pragma once
#include "conversions.h"

namespace ptx {
static inline uint32_t leading_zeros(uint32_t a) { return a ? __builtin_clz(a) : 32; }
static inline uint32_t leading_zeros(uint64_t a) { return a ? __builtin_clzll(a) : 64; }
static inline uint32_t ones(uint32_t a) { return __builtin_popcount(a); }
static inline uint32_t ones(uint64_t a) { return __builtin_popcountll(a); }
template <class T> static inline T reversed(T a) {
  T out = 0;
  for (size_t bit = 0; bit < 8 * sizeof(T); bit++) out = T(out << 1) | (a >> bit & 1);
  return out;
}

// By more than the bits that there are: nothing is left but the sign.
template <class T> static inline T shifted_left(T a, uint32_t by) { return by >= 8 * sizeof(T) ? T(0) : T(raw<T>(a) << by); }
template <class T> static inline T shifted_right(T a, uint32_t by) {
  if (by >= 8 * sizeof(T)) return is_signed<T> && a < 0 ? T(-1) : T(0);
  return T(a >> by);
}

template <class R, class T> static inline R product_lo(T a, T b) { return R(raw<T>(a) * uint64_t(raw<T>(b))); }
template <class R, class T> static inline R product_hi(T a, T b) {
  if constexpr (is_signed<T>) return R((__int128(a) * __int128(b)) >> (8 * sizeof(T)));
  else return R(((unsigned __int128)(a) * (unsigned __int128)(b)) >> (8 * sizeof(T)));
}
template <class R, class T> static inline R product_wide(T a, T b) { return R(a) * R(b); }

template <class T> static inline T add_carry(Thread* t, T a, T b, bool uses) {
  const unsigned __int128 sum = (unsigned __int128)(raw<T>(a)) + raw<T>(b) + (uses && t->carry);
  t->carry = sum >> (8 * sizeof(T)) & 1;
  return T(sum);
}
template <class T> static inline T subtract_carry(Thread* t, T a, T b, bool uses) {
  const unsigned __int128 whole = (unsigned __int128)(raw<T>(a)) - raw<T>(b) - (uses && t->carry);
  t->carry = whole >> (8 * sizeof(T)) & 1;
  return T(whole);
}

static inline uint64_t low_ones(uint32_t length) { return length >= 64 ? ~0ull : (1ull << length) - 1; }
template <class T> static inline T field_inserted(T a, T b, uint32_t start, uint32_t length) {
  const uint64_t mask = start >= 64 ? 0 : low_ones(length) << start;
  return T((uint64_t(b) & ~mask) | ((start >= 64 ? 0 : uint64_t(a) << start) & mask));
}
template <class T> static inline T field(T a, uint32_t start, uint32_t length) {
  const uint32_t width = 8 * sizeof(T);
  start &= 255, length &= 255;
  if (!length) return T(0);
  const uint64_t low = start >= width ? 0 : uint64_t(raw<T>(a)) >> start & low_ones(length);
  const uint32_t last = start + length - 1 < width - 1 ? start + length - 1 : width - 1;
  const bool negative = is_signed<T> && raw<T>(a) >> last & 1;
  const uint32_t kept = start >= width ? 0 : last + 1 - start;
  return T(negative ? low | ~low_ones(kept) : low);
}

// Four bytes of eight. The top bit of a selector copies the sign.
static inline uint32_t bytes_of(uint32_t a, uint32_t b, uint32_t selectors) {
  const uint64_t all = uint64_t(b) << 32 | a;
  uint32_t out = 0;
  for (int place = 0; place < 4; place++) {
    const uint32_t selector = selectors >> (4 * place) & 15;
    uint32_t byte = all >> (8 * (selector & 7)) & 255;
    if (selector & 8) byte = byte & 128 ? 255 : 0;
    out |= byte << (8 * place);
  }
  return out;
}
static inline uint32_t funnel_left(uint32_t a, uint32_t b, uint32_t by, bool wraps) {
  by = wraps ? by & 31 : by < 32 ? by : 32;
  return (uint64_t(b) << 32 | a) << by >> 32;
}
static inline uint32_t funnel_right(uint32_t a, uint32_t b, uint32_t by, bool wraps) {
  by = wraps ? by & 31 : by < 32 ? by : 32;
  return (uint64_t(b) << 32 | a) >> by;
}
static inline uint32_t by_table(uint32_t a, uint32_t b, uint32_t c, uint32_t table) {
  uint32_t out = 0;
  for (uint32_t row = 0; row < 8; row++) {
    if (table >> row & 1) out |= (row & 4 ? a : ~a) & (row & 2 ? b : ~b) & (row & 1 ? c : ~c);
  }
  return out;
}
}  // namespace ptx
