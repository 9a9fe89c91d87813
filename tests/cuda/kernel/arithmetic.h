// Functions of floats, and those that floats and integers share.
#pragma once
#include <cmath>
#include "conversions.h"

namespace ptx {
#define FUNCTION(name, of_double)                                                  \
  static inline float name(float a) { return of_double##f(a); }                    \
  static inline double name(double a) { return of_double(a); }                     \
  static inline _Float16 name(_Float16 a) { return _Float16(of_double##f(float(a))); }
FUNCTION(square_root, sqrt)
FUNCTION(exponential_2, exp2)
FUNCTION(logarithm_2, log2)
FUNCTION(sine, sin)
FUNCTION(cosine, cos)
FUNCTION(hyperbolic_tangent, tanh)
FUNCTION(nearest, nearbyint)
FUNCTION(towards_zero, trunc)
FUNCTION(down, floor)
FUNCTION(up, ceil)
#undef FUNCTION

template <class T> static inline T absolute(T a) { return a < T(0) ? T(-a) : a; }
template <> inline float absolute(float a) { return fabsf(a); }
template <> inline double absolute(double a) { return fabs(a); }
template <> inline _Float16 absolute(_Float16 a) { return _Float16(fabsf(float(a))); }

template <class T> static inline T least(T a, T b) { return a < b ? a : b; }
template <class T> static inline T most(T a, T b) { return a > b ? a : b; }
template <> inline float least(float a, float b) { return fminf(a, b); }
template <> inline float most(float a, float b) { return fmaxf(a, b); }
template <> inline double least(double a, double b) { return fmin(a, b); }
template <> inline double most(double a, double b) { return fmax(a, b); }

static inline float with_sign(float a, float b) { return copysignf(a, b); }
static inline double with_sign(double a, double b) { return copysign(a, b); }

static inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
static inline _Float16 fused(_Float16 a, _Float16 b, _Float16 c) { return _Float16(double(a) * double(b) + double(c)); }
// Rounded down. The sum in double may round too, by far less than a float's last place.
static inline float fused_down(float a, float b, float c) {
  const double exact = double(a) * double(b) + double(c);
  const float near = float(exact);
  return double(near) > exact ? nextafterf(near, -INFINITY) : near;
}

// Integers divided by zero give all ones, as on a GPU.
template <class T> static inline T quotient(T a, T b) { return b ? T(a / b) : T(~T(0)); }
template <> inline float quotient(float a, float b) { return a / b; }
template <> inline double quotient(double a, double b) { return a / b; }
template <> inline _Float16 quotient(_Float16 a, _Float16 b) { return a / b; }
template <class T> static inline T remainder_of(T a, T b) { return b ? T(a % b) : a; }
}  // namespace ptx
