// The sum of two activations.

KERNEL add(const Real *a, const Real *b, Real *to, Count count) {
    const Count at = own_index();
    if (at < count) to[at] = a[at] + b[at];
}
