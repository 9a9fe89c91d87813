// Tables of attention, of `columns` pixels a row. A block has a row; each of its threads has every 256th value of it, of every table.

// The greatest of what 256 threads have; every thread gets it. `shared` has a place a thread.
__device__ inline Real greatest_of_block(Real own, Real *shared) {
    shared[threadIdx.x] = own;
    __syncthreads();
    for (unsigned half = THREADS / 2; half; half /= 2) {
        if (threadIdx.x < half && shared[threadIdx.x + half] > shared[threadIdx.x]) shared[threadIdx.x] = shared[threadIdx.x + half];
        __syncthreads();
    }
    const Real greatest = shared[0];
    __syncthreads();
    return greatest;
}

// The sum over a row of a∘b, in double.
__device__ inline double row_sum(const Real *a, const Real *b, Count columns, double *shared) {
    double sum = 0;
    for (Count i = threadIdx.x; i < columns; i += THREADS) sum += (double)a[i] * b[i];
    return sum_of_block(sum, shared);
}

// A row of scores becomes its softmax.
KERNEL attention_softmax(Real *scores, Count columns) {
    __shared__ Real shared[THREADS];
    __shared__ double sums[THREADS];
    Real *row = scores + blockIdx.x * columns;
    Real greatest = row[0];
    for (Count i = threadIdx.x; i < columns; i += THREADS) greatest = row[i] > greatest ? row[i] : greatest;
    // No thread writes before all have read the first value.
    greatest = greatest_of_block(greatest, shared);
    double sum = 0;
    for (Count i = threadIdx.x; i < columns; i += THREADS) sum += row[i] = exponential(row[i] - greatest);
    sum = sum_of_block(sum, sums);
    for (Count i = threadIdx.x; i < columns; i += THREADS) row[i] = row[i] / sum;
}

// table = a∘(table − rows(a∘table)), where a is a softmax: what it makes of a tangent, and of a cotangent.
KERNEL attention_along(const Real *a, Real *table, Count columns) {
    __shared__ double shared[THREADS];
    const Count start = blockIdx.x * columns;
    const Real sum = row_sum(a + start, table + start, columns, shared);
    for (Count i = start + threadIdx.x; i < start + columns; i += THREADS) table[i] = a[i] * (table[i] - sum);
}

// Of a softmax a, the tangent of its scores (turned), the first pass's cotangent of a (first) and a part of the second pass's (second):
//
// second = a∘(p − rows(a∘p)), p = second + first∘(turned − rows(a∘turned)) − rows(a∘first)∘turned
// turned = a∘(turned − rows(a∘turned))
// first  = a∘(first − rows(a∘first))
KERNEL attention_reverse(const Real *a, Real *turned, Real *first, Real *second, Count columns) {
    __shared__ double shared[THREADS];
    const Count start = blockIdx.x * columns;
    const Real of_turned = row_sum(a + start, turned + start, columns, shared);
    const Real of_first = row_sum(a + start, first + start, columns, shared);
    for (Count i = start + threadIdx.x; i < start + columns; i += THREADS) {
        second[i] += first[i] * (turned[i] - of_turned) - of_first * turned[i];
        turned[i] = a[i] * (turned[i] - of_turned);
        first[i] = a[i] * (first[i] - of_first);
    }
    const Real of_second = row_sum(a + start, second + start, columns, shared);
    for (Count i = start + threadIdx.x; i < start + columns; i += THREADS) second[i] = a[i] * (second[i] - of_second);
}
