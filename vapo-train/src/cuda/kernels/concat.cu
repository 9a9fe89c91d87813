// Channels of two activations, pixel by pixel. What has no address is 0.

KERNEL concat_forward(const Real *a, const Real *b, Real *to, Count pixels, Count of_a, Count of_b) {
    const Count at = own_index(), channels = of_a + of_b;
    if (at >= pixels * channels) return;
    const Count pixel = at / channels, channel = at % channels;
    to[at] = channel < of_a ? or_zero(a, pixel * of_a + channel) : or_zero(b, pixel * of_b + channel - of_a);
}

// The cotangent of one of them: `channels` channels from `first` on, of `all`.
KERNEL concat_reverse(const Real *g, const Real *base, Real *to, Count pixels, Count channels, Count first, Count all) {
    const Count at = own_index();
    if (at >= pixels * channels) return;
    to[at] = or_zero(base, at) + g[at / channels * all + first + at % channels];
}
