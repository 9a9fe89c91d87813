// What the optimiser's kernels have: how a block finds what it works on, sums over blocks, and the arithmetic of the processor.

// Values that a block has in what is done value by value.
#define CHUNK 2048

// Parameters that lie together, and the first block that has some of them.
struct Range {
    Count start, length, block;
};

// The entry of a table that a block belongs to: the last whose first block is not after it.
template <class Entry>
__device__ inline const Entry &entry_of(unsigned block, const Entry *entries, Count count, Count Entry::*first_block) {
    Count low = 0, high = count;
    while (high - low > 1) {
        const Count middle = (low + high) / 2;
        if (entries[middle].*first_block <= block) low = middle;
        else high = middle;
    }
    return entries[low];
}

__device__ inline unsigned divided_up(Count count, unsigned by) { return (count + by - 1) / by; }

// a·b, rounded before anything is added to it. The processor rounds so; the compiler would join the product with a sum.
__device__ inline float rounded(float a, float b) { return __fmul_rn(a, b); }
__device__ inline double rounded(double a, double b) { return __dmul_rn(a, b); }

__device__ inline float square_root(float x) { return sqrtf(x); }
__device__ inline double square_root(double x) { return sqrt(x); }

// A value moves towards another by a part of their distance.
__device__ inline Real moved(Real value, Real towards, Real part) { return value + rounded(part, towards - value); }

// Of `blocks` blocks, the last to come here returns true, and `own` is then the sum of what all threads of all blocks had: of a
// block's threads first, then of the blocks, each in a fixed order.
__device__ inline bool sum_of_blocks(double &own, double *parts, unsigned block, unsigned blocks, unsigned *counter, double *shared) {
    own = sum_of_block(own, shared);
    if (threadIdx.x == 0) parts[block] = own;
    if (!is_last_block(counter, blocks)) return false;
    own = 0;
    for (unsigned part = threadIdx.x; part < blocks; part += THREADS) own += parts[part];
    own = sum_of_block(own, shared);
    return true;
}
