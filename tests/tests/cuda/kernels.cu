// What kernels of the trainer are made of. Each has its twin in kernels.rs.

template <class T, int TILE>
__device__ void product(const T *a, const T *b, T *c, unsigned n) {
    __shared__ T of_a[TILE][TILE];
    __shared__ T of_b[TILE][TILE];
    const unsigned x = threadIdx.x % TILE, y = threadIdx.x / TILE;
    const unsigned long long row = (unsigned long long)blockIdx.y * TILE + y, column = (unsigned long long)blockIdx.x * TILE + x;
    T sum = 0;
    for (unsigned k = 0; k < n; k += TILE) {
        of_a[y][x] = a[row * n + k + x];
        of_b[y][x] = b[(unsigned long long)(k + y) * n + column];
        __syncthreads();
        for (int i = 0; i < TILE; i++) sum = fma(of_a[y][i], of_b[i][x], sum);
        __syncthreads();
    }
    c[row * n + column] = sum;
}
extern "C" __global__ void product_f32(const float *a, const float *b, float *c, unsigned n) { product<float, 16>(a, b, c, n); }
extern "C" __global__ void product_f64(const double *a, const double *b, double *c, unsigned n) { product<double, 16>(a, b, c, n); }

// The block that is done last adds what the others left: the same order always.
template <class T>
__device__ void sum(const T *x, T *partial, T *out, unsigned *ticket, unsigned n) {
    __shared__ T each[256];
    __shared__ bool last;
    T own = 0;
    for (unsigned long long i = blockIdx.x * 256ull + threadIdx.x; i < n; i += gridDim.x * 256ull) own += x[i];
    each[threadIdx.x] = own;
    __syncthreads();
    for (unsigned half = 128; half; half /= 2) {
        if (threadIdx.x < half) each[threadIdx.x] += each[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = each[0];
        __threadfence();
        last = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0) {
        T total = 0;
        for (unsigned i = 0; i < gridDim.x; i++) total += ((volatile T *)partial)[i];
        *out = total;
    }
}
extern "C" __global__ void sum_f32(const float *x, float *partial, float *out, unsigned *ticket, unsigned n) { sum(x, partial, out, ticket, n); }
extern "C" __global__ void sum_f64(const double *x, double *partial, double *out, unsigned *ticket, unsigned n) { sum(x, partial, out, ticket, n); }

extern "C" __global__ void functions_f32(const float *x, float *out, unsigned n) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = x[i] / (1.0f + expf(-x[i])) + sqrtf(fabsf(x[i])) + tanhf(x[i]) + sinf(x[i]) * logf(fabsf(x[i]) + 1.0f);
}
extern "C" __global__ void functions_f64(const double *x, double *out, unsigned n) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = x[i] / (1.0 + exp(-x[i])) + sqrt(fabs(x[i])) + tanh(x[i]) + sin(x[i]) * log(fabs(x[i]) + 1.0);
}

extern "C" __global__ void integers(const unsigned *x, unsigned long long *out, unsigned *counts, unsigned n) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const unsigned v = x[i];
    const unsigned long long wide = v;
    const int with_sign = (int)v;
    unsigned long long result = __brev(v);
    switch (v % 11) {
        case 0: result = wide * wide + 7; break;
        case 1: result = wide % 13; break;
        case 2: result = (wide << 40) / (wide | 1); break;
        case 3: result = __umulhi(v, v * 3); break;
        case 4: result = (unsigned)(with_sign >> 3); break;
        case 5: result = v / 7; break;
        case 6: result = (unsigned long long)(with_sign / 5); break;
        case 7: result = __popc(v) + __clz(v); break;
        case 8: result = v << 5 | v >> 27; break;
        case 9: result = (wide * 0x9E3779B97F4A7C15ull) ^ wide >> 7; break;
    }
    out[i] = result;
    atomicAdd(counts + (v & 3), v & 15);
}
