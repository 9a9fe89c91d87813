// Channel (2·dy + dx)·C + c of a pixel is channel c of the value at row dy, column dx of its 2×2 block. `height`, `width` and
// `channels` are those of the image.

// Where the value at an index of the image lies among channels.
__device__ inline Count in_depth(Count at, Count height, Count width, Count channels) {
    const Count channel = at % channels, pixel = at / channels, x = pixel % width, row = pixel / width;
    // Rows of a batch's images follow one another, and every image has an even number.
    const Count block = row / 2 * (width / 2) + x / 2, tap = row % 2 * 2 + x % 2;
    return (block * 4 + tap) * channels + channel;
}

KERNEL space_to_depth_forward(const Real *from, Real *to, Count count, Count height, Count width, Count channels) {
    const Count at = own_index();
    if (at < count) to[in_depth(at, height, width, channels)] = from[at];
}

KERNEL space_to_depth_reverse(const Real *g, const Real *base, Real *to, Count count, Count height, Count width, Count channels) {
    const Count at = own_index();
    if (at < count) to[at] = or_zero(base, at) + g[in_depth(at, height, width, channels)];
}
