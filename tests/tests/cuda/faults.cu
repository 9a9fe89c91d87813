// Kernels that are wrong where faults.rs calls them wrongly.

extern "C" __global__ void copy(const float *from, float *to, const unsigned count) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) to[i] = from[i];
}
extern "C" __global__ void misaligned(const char *from, float *to) { to[0] = *(const float *)(from + 2); }
extern "C" __global__ void outside_shared(float *to, unsigned at) {
    __shared__ float line[64];
    line[threadIdx.x] = 1.0f;
    __syncthreads();
    to[threadIdx.x] = line[threadIdx.x + at];
}
extern "C" __global__ void divided(float *to) {
    __shared__ float line[64];
    line[threadIdx.x] = 1.0f;
    if (threadIdx.x < 32) {
        __syncthreads();
        to[threadIdx.x] = line[63 - threadIdx.x];
    } else {
        line[threadIdx.x] = 2.0f;
        __syncthreads();
        to[threadIdx.x] = line[63 - threadIdx.x] + 1.0f;
    }
}
extern "C" __global__ void unwritten_shared(float *to) {
    __shared__ float line[65];
    line[threadIdx.x] = 1.0f;
    __syncthreads();
    to[threadIdx.x] = line[threadIdx.x + 1];
}
extern "C" __global__ void overtaken(float *to) {
    __shared__ float line[64];
    for (int round = 0; round < 2; round++) {
        line[threadIdx.x] = to[threadIdx.x];
        __syncthreads();
        to[threadIdx.x] = line[threadIdx.x ^ 1];
    }
}
extern "C" __global__ void overwritten(float *to) {
    __shared__ float line[64];
    line[threadIdx.x] = to[threadIdx.x];
    __syncthreads();
    if (threadIdx.x < 32) to[threadIdx.x] = line[threadIdx.x + 32];
    else line[threadIdx.x] = 2.0f;
}
