// Registers, and values from one type to another.
#pragma once
#include "access.h"

namespace ptx {
template <class T>
constexpr bool is_signed = __is_same(T, int8_t) || __is_same(T, int16_t) || __is_same(T, int32_t) || __is_same(T, int64_t);

// The low bits of a register.
template <class To, class From> static inline To get(From from) {
  if constexpr (__is_same(To, bool)) return bool(from);
  else return bits<To>(raw<To>(bits<raw<From>>(from)));
}

// A register from a value as wide or narrower: signed ones are extended by their sign, others by zeros.
template <class T, class R> static inline void set(R& target, T value) {
  if constexpr (__is_same(R, bool)) target = bool(value);
  else if constexpr (__is_same(T, bool)) target = R(value);
  else if constexpr (is_signed<T>) target = bits<R>(raw<R>(int64_t(value)));
  else target = bits<R>(raw<R>(bits<raw<T>>(value)));
}

// Saturated; not-a-number is 0.
template <class T, class F> static inline T to_integer(F value) {
  const double a = double(value);
  if (a != a) return T(0);
  const T most = is_signed<T> ? T((raw<T>(1) << (8 * sizeof(T) - 1)) - 1) : T(~raw<T>(0));
  const T least = is_signed<T> ? T(raw<T>(1) << (8 * sizeof(T) - 1)) : T(0);
  return a >= double(most) ? most : a <= double(least) ? least : T(a);
}

// Between 0 and 1; not-a-number is 0.
template <class T> static inline T clamped(T a) { return a > T(0) ? a < T(1) ? a : T(1) : T(0); }
}  // namespace ptx
