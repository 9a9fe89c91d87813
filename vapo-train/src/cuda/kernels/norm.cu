// The sum of the squares of the gradient of all parameters that move, in double: no square of a float overflows it.

KERNEL squares(const Real *gradient, const Range *ranges, Count count, double *parts, unsigned *counter, double *sum) {
    __shared__ double shared[THREADS];
    const Range &range = entry_of(blockIdx.x, ranges, count, &Range::block);
    const Count begin = (blockIdx.x - range.block) * CHUNK, end = min(range.length, begin + CHUNK);
    double own = 0;
    for (Count i = begin + threadIdx.x; i < end; i += THREADS) {
        const double value = gradient[range.start + i];
        own += value * value;
    }
    if (sum_of_blocks(own, parts, blockIdx.x, gridDim.x, counter, shared) && threadIdx.x == 0) *sum = own;
}
