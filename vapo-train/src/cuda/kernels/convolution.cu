// A convolution: the windows of pixels (rows) times weights (columns), plus biases, plus a base.
//
// y[p, o] = base[p, o] + bias[o] + Σ over taps (dy, dx) and channels c of x[window p at (dy, dx), c]·w[(dy, dx, c), o]
//
// Windows are `down` × `right` pixels apart, and begin `top`, `left` pixels outside the image, where all is 0.

template <class T>
__device__ inline void convolution(const Real *x, const Real *weights, const Real *bias, const Real *base, Real *y, Count pixels,
                                   Count height, Count width, Count channels, Count out_height, Count out_width, Count columns,
                                   Count window_height, Count window_width, Count down, Count right, Count top, Count left) {
    const unsigned across = (columns + T::N - 1) / T::N;
    const unsigned first = blockIdx.x / across * T::M, first_column = blockIdx.x % across * T::N;
    Windows<T, 1> windows(x, first, pixels, height, width, channels, out_height, out_width, window_width, down, right, top, left);
    Plain<false> matrix{weights, columns, first_column, (unsigned)columns, 0};
    Real sums[T::TM][T::TN] = {};
    add_products<T>(sums, windows, matrix, 0, window_height * window_width * channels);
    for (int i = 0; i < T::TM; i++)
        for (int j = 0; j < T::TN; j++) {
            const Count pixel = first + T::row(i), column = first_column + T::column(j);
            if (pixel >= pixels || column >= columns) continue;
            const Count at = pixel * columns + column;
            y[at] = sums[i][j] + or_zero(bias, column) + or_zero(base, at);
        }
}

#define CONVOLUTION(M, N, ...)                                                                                                   \
    KERNEL __launch_bounds__(THREADS) convolution_##M##x##N(                                                                          \
        const Real *x, const Real *weights, const Real *bias, const Real *base, Real *y, Count pixels, Count height, Count width, \
        Count channels, Count out_height, Count out_width, Count columns, Count window_height, Count window_width, Count down,   \
        Count right, Count top, Count left) {                                                                                   \
        convolution<Tile<M, N, __VA_ARGS__>>(x, weights, bias, base, y, pixels, height, width, channels, out_height, out_width, columns, \
                                       window_height, window_width, down, right, top, left);                                    \
    }

TILES(CONVOLUTION)
