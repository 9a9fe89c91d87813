// Each pixel four times. `width` and `channels` are those of the smaller image; rows of a batch follow one another.

KERNEL up_forward(const Real *from, Real *to, Count count, Count width, Count channels) {
    const Count at = own_index();
    if (at >= count) return;
    const Count channel = at % channels, pixel = at / channels, x = pixel % (2 * width), row = pixel / (2 * width);
    to[at] = from[(row / 2 * width + x / 2) * channels + channel];
}

KERNEL up_reverse(const Real *g, const Real *base, Real *to, Count count, Count width, Count channels) {
    const Count at = own_index();
    if (at >= count) return;
    const Count channel = at % channels, pixel = at / channels, x = pixel % width, row = pixel / width;
    const Count first = ((2 * row * 2 * width) + 2 * x) * channels + channel, below = 2 * width * channels;
    to[at] = or_zero(base, at) + g[first] + g[first + channels] + g[first + below] + g[first + below + channels];
}
