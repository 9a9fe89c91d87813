// Φ = ½‖x − f‖² of every image, of `values` values each.

// A block an image. Sums are in double, as on the processor.
KERNEL distance_forward(const Real *f, const Real *x, Real *potential, Count values) {
    __shared__ double shared[THREADS];
    const Count start = blockIdx.x * values;
    double sum = 0;
    for (Count i = start + threadIdx.x; i < start + values; i += THREADS) {
        const double difference = x[i] - f[i];
        sum += difference * difference;
    }
    sum = sum_of_block(sum, shared);
    if (threadIdx.x == 0) potential[blockIdx.x] = 0.5 * sum;
}

// The cotangents of f and x: −c and c, where c = x − f in a first pass, whose potentials have the cotangent 1. In a second pass
// `seeds` has that of every potential, and the tangents' cotangent is 1: c = seed·(x − f) + dx − df. What has no address is not
// wanted, or zero.
KERNEL distance_reverse(const Real *f, const Real *x, const Real *seeds, const Real *df, const Real *dx, const Real *f_base, Real *to_f,
                        const Real *x_base, Real *to_x, Count count, Count values) {
    const Count at = own_index();
    if (at >= count) return;
    Real cotangent = x[at] - f[at];
    if (seeds) cotangent = seeds[at / values] * cotangent + or_zero(dx, at) - or_zero(df, at);
    if (to_f) to_f[at] = or_zero(f_base, at) - cotangent;
    if (to_x) to_x[at] = or_zero(x_base, at) + cotangent;
}
