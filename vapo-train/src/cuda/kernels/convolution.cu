// A convolution: the windows of pixels (rows) times weights (columns), plus biases, plus a base.
//
// y[p, o] = base[p, o] + bias[o] + Σ over taps (dy, dx) and channels c of x[window p at (dy, dx), c]·w[(dy, dx, c), o]
//
// Windows are `down` × `right` pixels apart, and begin `top`, `left` pixels outside the image, where all is 0.

template <class T> struct Windows {
    static constexpr bool ALONG_K = true;
    static constexpr int ROWS = T::M / (THREADS / DEPTH);
    const Real *x;
    unsigned height, width, channels, window_width;
    Count start[ROWS];
    int y[ROWS], x_of[ROWS];
    unsigned dy, dx, channel;
    __device__ Windows(const Real *x, unsigned first, unsigned pixels, unsigned height, unsigned width, unsigned channels,
                       unsigned out_height, unsigned out_width, unsigned window_width, int down, int right, int top, int left)
        : x(x), height(height), width(width), channels(channels), window_width(window_width) {
        for (int i = 0; i < ROWS; i++) {
            const unsigned index = first + threadIdx.x / DEPTH + i * (THREADS / DEPTH);
            const Pixel pixel = Pixel::of(index, out_height, out_width);
            start[i] = (Count)pixel.image * height * width * channels;
            // Outside of every image where there is no such pixel.
            y[i] = index < pixels ? pixel.y * down - top : -(1 << 20);
            x_of[i] = pixel.x * right - left;
        }
    }
    __device__ void slice(unsigned k) {
        const unsigned own = k + threadIdx.x % DEPTH, tap = own / channels;
        channel = own % channels;
        dy = tap / window_width;
        dx = tap % window_width;
    }
    __device__ Real at(int i, unsigned, unsigned) const {
        const int row = y[i] + int(dy), column = x_of[i] + int(dx);
        if (row < 0 || row >= int(height) || column < 0 || column >= int(width)) return 0;
        return x[start[i] + ((unsigned)row * width + column) * channels + channel];
    }
};

template <class T>
__device__ inline void convolution(const Real *x, const Real *weights, const Real *bias, const Real *base, Real *y, Count pixels,
                                   Count height, Count width, Count channels, Count out_height, Count out_width, Count columns,
                                   Count window_height, Count window_width, Count down, Count right, Count top, Count left) {
    const unsigned across = (columns + T::N - 1) / T::N;
    const unsigned first = blockIdx.x / across * T::M, first_column = blockIdx.x % across * T::N;
    Windows<T> windows(x, first, pixels, height, width, channels, out_height, out_width, window_width, down, right, top, left);
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

#define CONVOLUTION(N, ...)                                                                                                     \
    KERNEL __launch_bounds__(THREADS) convolution_##N(                                                                          \
        const Real *x, const Real *weights, const Real *bias, const Real *base, Real *y, Count pixels, Count height, Count width, \
        Count channels, Count out_height, Count out_width, Count columns, Count window_height, Count window_width, Count down,   \
        Count right, Count top, Count left) {                                                                                   \
        convolution<Tile<__VA_ARGS__>>(x, weights, bias, base, y, pixels, height, width, channels, out_height, out_width, columns, \
                                       window_height, window_width, down, right, top, left);                                    \
    }

CONVOLUTION(16, 256, 16, 4, 4)
CONVOLUTION(32, 128, 32, 4, 4)
CONVOLUTION(64, 128, 64, 8, 4)
CONVOLUTION(128, 128, 128, 8, 8)
