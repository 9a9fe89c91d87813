// Each pixel `rows` × `columns` times. `width` and `channels` are those of the smaller image; rows of a batch follow one another.

KERNEL up_forward(const Real *from, Real *to, Count count, Count width, Count channels, Count rows, Count columns) {
    const Count at = own_index();
    if (at >= count) return;
    const Count channel = at % channels, pixel = at / channels, x = pixel % (columns * width), row = pixel / (columns * width);
    to[at] = from[(row / rows * width + x / columns) * channels + channel];
}

KERNEL up_reverse(const Real *g, const Real *base, Real *to, Count count, Count width, Count channels, Count rows, Count columns) {
    const Count at = own_index();
    if (at >= count) return;
    const Count channel = at % channels, pixel = at / channels, x = pixel % width, row = pixel / width;
    const Count first = (rows * row * columns * width + columns * x) * channels + channel, below = columns * width * channels;
    Real sum = or_zero(base, at);
    for (Count dy = 0; dy < rows; dy++)
        for (Count dx = 0; dx < columns; dx++) sum += g[first + dy * below + dx * channels];
    to[at] = sum;
}
