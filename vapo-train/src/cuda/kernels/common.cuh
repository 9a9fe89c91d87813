// What every kernel has. REAL is float or double, by the program that it is compiled for.
// Arguments are eight bytes each: addresses, counts and doubles.
// Memory is indexed by 64 bits; what lies within one image, or counts pixels, fits 32.

typedef unsigned long long Count;
typedef REAL Real;

#define KERNEL extern "C" __global__ void
#define THREADS 256

// The index of this thread among all of a launch in one dimension.
__device__ inline Count own_index() { return (Count)blockIdx.x * blockDim.x + threadIdx.x; }

// base[at], or 0 where there is no base.
__device__ inline Real or_zero(const Real *base, Count at) { return base ? base[at] : Real(0); }

__device__ inline float exponential(float x) { return expf(x); }
__device__ inline double exponential(double x) { return exp(x); }

// sigmoid(x), without overflow at either end.
__device__ inline Real sigmoid(Real x) { return Real(1) / (Real(1) + exponential(-x)); }

// SiLU and its first two derivatives.
struct Silu {
    Real value, slope, bend;
    __device__ explicit Silu(Real x) {
        const Real s = sigmoid(x), rest = Real(1) - s;
        value = x * s;
        slope = s * (Real(1) + x * rest);
        bend = s * rest * (Real(2) + x * (rest - s));
    }
};

// The sum of what 256 threads have, in a fixed order; every thread gets it. `shared` has a place a thread.
template <class T> __device__ inline T sum_of_block(T own, T *shared) {
    shared[threadIdx.x] = own;
    __syncthreads();
    for (unsigned half = THREADS / 2; half; half /= 2) {
        if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
        __syncthreads();
    }
    const T sum = shared[0];
    __syncthreads();
    return sum;
}

// Whether this block is the last of `blocks` that come here with a counter, which begins and ends at 0. What the others wrote
// before is visible to it: so it can add up their parts in a fixed order, whichever order they ran in.
__device__ inline bool is_last_block(unsigned *counter, unsigned blocks) {
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicInc(counter, blocks - 1) == blocks - 1;
    __syncthreads();
    __threadfence();
    return last;
}
