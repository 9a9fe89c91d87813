// Adam, and the moving average of what it moves. g is the gradient, shortened, or each element clipped by its second moment so far:
//
// g = min(max(g, −bound), bound),   bound = 3·√(v·clip) + 0.1,   clip = 1/(1 − β₂ᵗ) before this step; nothing is clipped where it is 0
// m = β₁·m + (1 − β₁)·g,   v = β₂·v + (1 − β₂)·g²
// θ = θ − rate·(m·corrected₁)/(√(v·corrected₂) + ε),   corrected = 1/(1 − βᵗ) after t steps
// average = average + part·(θ − average)
//
// Every operation is rounded as the update rule on the processor does.

KERNEL adam(Real *parameters, const Real *gradient, Real *first, Real *second, Real *average, const Range *ranges, Count count,
            double shorten, double rate, double average_rate, double first_correction, double second_correction, double clip,
            double first_decay, double second_decay, double epsilon, double deviations, double margin) {
    const Real of_first = first_decay, of_second = second_decay;
    const Range &range = entry_of(blockIdx.x, ranges, count, &Range::block);
    const Count begin = (blockIdx.x - range.block) * CHUNK, end = min(range.length, begin + CHUNK);
    for (Count i = begin + threadIdx.x; i < end; i += THREADS) {
        const Count at = range.start + i;
        Real g = gradient[at] * shorten;
        if (clip > 0) {
            const Real bound = rounded(Real(deviations), square_root(second[at] * Real(clip))) + Real(margin);
            g = g > bound ? bound : g < -bound ? -bound : g;
        }
        const Real m = rounded(first[at], of_first) + rounded(g, Real(1) - of_first);
        const Real v = rounded(second[at], of_second) + rounded(g * g, Real(1) - of_second);
        const Real size = square_root(v * Real(second_correction)) + Real(epsilon);
        const Real value = parameters[at] - Real(rate) * (m * Real(first_correction)) / size;
        first[at] = m;
        second[at] = v;
        parameters[at] = value;
        average[at] = moved(average[at], value, average_rate);
    }
}
