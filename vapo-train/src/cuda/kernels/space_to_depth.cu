// Channel (columns·dy + dx)·C + c of a pixel is channel c of the value at row dy, column dx of its block of rows × columns. `width`
// and `channels` are those of the image.

// Where the value at an index of the image lies among channels.
__device__ inline Count in_depth(Count at, Count width, Count channels, Count rows, Count columns) {
    const Count channel = at % channels, pixel = at / channels, x = pixel % width, row = pixel / width;
    // Rows of a batch's images follow one another, and every image has a whole number of blocks.
    const Count block = row / rows * (width / columns) + x / columns, tap = row % rows * columns + x % columns;
    return (block * rows * columns + tap) * channels + channel;
}

KERNEL space_to_depth_forward(const Real *from, Real *to, Count count, Count width, Count channels, Count rows, Count columns) {
    const Count at = own_index();
    if (at < count) to[in_depth(at, width, channels, rows, columns)] = from[at];
}

KERNEL space_to_depth_reverse(const Real *g, const Real *base, Real *to, Count count, Count width, Count channels, Count rows,
                              Count columns) {
    const Count at = own_index();
    if (at < count) to[at] = or_zero(base, at) + g[in_depth(at, width, channels, rows, columns)];
}
