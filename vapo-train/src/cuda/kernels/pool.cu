// The mean of every block of `rows` × `columns` pixels. `width` and `channels` are those of the smaller image; rows of a batch follow
// one another. `share` is one part of a mean.

KERNEL pool_forward(const Real *from, Real *to, Count count, Count width, Count channels, Count rows, Count columns, double share) {
    const Count at = own_index();
    if (at >= count) return;
    const Count channel = at % channels, pixel = at / channels, x = pixel % width, row = pixel / width;
    const Count first = (rows * row * columns * width + columns * x) * channels + channel, below = columns * width * channels;
    Real sum = 0;
    for (Count dy = 0; dy < rows; dy++)
        for (Count dx = 0; dx < columns; dx++) sum += from[first + dy * below + dx * channels];
    to[at] = sum * Real(share);
}

KERNEL pool_reverse(const Real *g, const Real *base, Real *to, Count count, Count width, Count channels, Count rows, Count columns,
                    double share) {
    const Count at = own_index();
    if (at >= count) return;
    const Count channel = at % channels, pixel = at / channels, x = pixel % (columns * width), row = pixel / (columns * width);
    to[at] = or_zero(base, at) + g[(row / rows * width + x / columns) * channels + channel] * Real(share);
}
