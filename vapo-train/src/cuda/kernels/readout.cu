// Φ = Σ o·q[1..] + squares·Σ o² + ½ q[0]·‖x‖² of every image, a block each. o has `channels` channels, q 1 + channels factors,
// x `values` values. Sums are in double: the quadratic part and the rest may cancel.

KERNEL readout_forward(const Real *o, const Real *q, const Real *x, Real *potential, Count pixels, Count channels, Count values,
                       double squares) {
    __shared__ double shared[THREADS];
    const Count image = blockIdx.x, size = pixels * channels;
    q += image * (1 + channels);
    o += image * size;
    x += image * values;
    double sum = 0;
    for (Count i = threadIdx.x; i < size; i += THREADS) sum += (double)o[i] * ((double)q[1 + i % channels] + squares * o[i]);
    double norm = 0;
    for (Count i = threadIdx.x; i < values; i += THREADS) norm += (double)x[i] * x[i];
    sum = sum_of_block(sum + 0.5 * q[0] * norm, shared);
    if (threadIdx.x == 0) potential[image] = sum;
}

// The cotangents of o, q and x. In a first pass that of Φ is 1, and there are no tangents. In a second pass `seeds` has that of
// every Φ, and the tangents' cotangent is 1. What has no address is not wanted.
KERNEL readout_reverse(const Real *o, const Real *q, const Real *x, const Real *seeds, const Real *d_o, const Real *dq, const Real *dx,
                       const Real *o_base, Real *to_o, const Real *q_base, Real *to_q, const Real *x_base, Real *to_x, Count pixels,
                       Count channels, Count values, double squares) {
    __shared__ double shared[THREADS];
    const Count image = blockIdx.x, size = pixels * channels, factors = image * (1 + channels);
    const Count of_o = image * size, of_x = image * values;
    const Real seed = seeds ? seeds[image] : Real(1), twice = Real(2 * squares);
    if (to_o)
        for (Count i = threadIdx.x; i < size; i += THREADS) {
            const Count factor = factors + 1 + i % channels;
            Real cotangent = seed * (q[factor] + twice * o[of_o + i]);
            if (d_o) cotangent += twice * d_o[of_o + i];
            if (dq) cotangent += dq[factor];
            to_o[of_o + i] = or_zero(o_base, of_o + i) + cotangent;
        }
    if (to_x)
        for (Count i = threadIdx.x; i < values; i += THREADS)
            to_x[of_x + i] = or_zero(x_base, of_x + i) + seed * q[factors] * x[of_x + i];
    if (!to_q) return;
    double quadratic = 0;
    for (Count i = threadIdx.x; i < values; i += THREADS) {
        const double value = x[of_x + i];
        quadratic += 0.5 * seed * value * value;
        if (dx) quadratic += value * dx[of_x + i];
    }
    quadratic = sum_of_block(quadratic, shared);
    if (threadIdx.x == 0) to_q[factors] = or_zero(q_base, factors) + Real(quadratic);
    for (Count channel = threadIdx.x; channel < channels; channel += THREADS) {
        double sum = 0;
        for (Count pixel = 0; pixel < pixels; pixel++) {
            const Count at = of_o + pixel * channels + channel;
            sum += (double)seed * o[at] + (d_o ? (double)d_o[at] : 0.0);
        }
        const Count at = factors + 1 + channel;
        to_q[at] = or_zero(q_base, at) + Real(sum);
    }
}
