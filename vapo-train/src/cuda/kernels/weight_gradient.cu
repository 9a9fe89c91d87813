// The gradient of a convolution's weights and biases.
//
// gradient[(dy, dx, c), o] = Σ over pixels p of x[window p at (dy, dx), c]·g[p, o] + dx[window p at (dy, dx), c]·h[p, o]
// gradient[last row, o]    = Σ over pixels p of g[p, o], the bias's
//
// x is a value and g the cotangent of the value after it; dx is a tangent and h the cotangent of the tangent after it. Without
// dx there is no second sum. Pixels are cut into slices, a block each.

template <class T> struct WindowsOfPixels {
    static constexpr bool ALONG_K = false;
    // Pixels of a slice that a thread reads, and how far apart they are.
    static constexpr int PIXELS = T::M * DEPTH / THREADS, APART = THREADS / T::M;
    const Real *x;
    unsigned height, width, channels, out_height, out_width, inputs;
    int down, right, top, left;
    Real bias;
    // This thread's row of the gradient. T::M divides the threads of a block, so it is one row.
    unsigned row, dy, dx, channel;
    Pixel pixels[PIXELS];
    // From a slice to the next.
    Pixel step;
    __device__ void start(unsigned first, unsigned window_width, unsigned begin) {
        row = first + threadIdx.x % T::M;
        const unsigned tap = row / channels;
        channel = row % channels;
        dy = tap / window_width;
        dx = tap % window_width;
        step = Pixel::of(DEPTH, out_height, out_width);
        for (int i = 0; i < PIXELS; i++)
            pixels[i] = Pixel::of(begin + threadIdx.x / T::M + i * APART, out_height, out_width).before(step, out_height, out_width);
    }
    // Slices follow one another: a division for every pixel takes longer than its products.
    __device__ void slice(unsigned) {
#pragma unroll
        for (int i = 0; i < PIXELS; i++) pixels[i].advance(step, out_height, out_width);
    }
    __device__ Real at(int i, unsigned, unsigned) const {
        if (row >= inputs) return row == inputs ? bias : Real(0);
        const Pixel &pixel = pixels[i];
        const int y = pixel.y * down - top + int(dy), across = pixel.x * right - left + int(dx);
        if (y < 0 || y >= int(height) || across < 0 || across >= int(width)) return 0;
        return x[(Count)pixel.image * height * width * channels + ((unsigned)y * width + across) * channels + channel];
    }
};

template <class T>
__device__ inline void weight_gradient(const Real *x, const Real *g, const Real *dx, const Real *h, Real *gradient, Real *parts,
                                       unsigned *counters, double accumulate, Count pixels, Count height, Count width, Count channels,
                                       Count out_height, Count out_width, Count columns, Count window_height, Count window_width,
                                       Count down, Count right, Count top, Count left, Count slice) {
    const unsigned inputs = window_height * window_width * channels, rows = inputs + 1;
    const unsigned across = (columns + T::N - 1) / T::N;
    const unsigned first = blockIdx.x / across * T::M, first_column = blockIdx.x % across * T::N;
    const unsigned begin = blockIdx.y * slice, end = min((unsigned)pixels, begin + (unsigned)slice);
    Real sums[T::TM][T::TN] = {};
    for (int stream = 0; stream < (dx ? 2 : 1); stream++) {
        WindowsOfPixels<T> windows{stream ? dx : x,      (unsigned)height, (unsigned)width, (unsigned)channels, (unsigned)out_height,
                                   (unsigned)out_width, inputs,           int(down),       int(right),         int(top),
                                   int(left),           Real(stream ? 0 : 1)};
        windows.start(first, window_width, begin);
        Plain<false> cotangents{stream ? h : g, columns, first_column, (unsigned)columns, 0};
        add_products<T>(sums, windows, cotangents, begin, end);
    }
    if (!add_parts<T>(sums, parts, counters, gridDim.y)) return;
    for (int i = 0; i < T::TM; i++)
        for (int j = 0; j < T::TN; j++) {
            const Count row = first + T::row(i), column = first_column + T::column(j);
            if (row >= rows || column >= columns) continue;
            const Count at = row * columns + column;
            gradient[at] = accumulate != 0 ? gradient[at] + sums[i][j] : sums[i][j];
        }
}

#define WEIGHT_GRADIENT(N, ...)                                                                                                 \
    KERNEL __launch_bounds__(THREADS) weight_gradient_##N(                                                                      \
        const Real *x, const Real *g, const Real *dx, const Real *h, Real *gradient, Real *parts, unsigned *counters,            \
        double accumulate, Count pixels, Count height, Count width, Count channels, Count out_height, Count out_width,           \
        Count columns, Count window_height, Count window_width, Count down, Count right, Count top, Count left, Count slice) {   \
        weight_gradient<Tile<__VA_ARGS__>>(x, g, dx, h, gradient, parts, counters, accumulate, pixels, height, width, channels,  \
                                           out_height, out_width, columns, window_height, window_width, down, right, top, left,  \
                                           slice);                                                                              \
    }

WEIGHT_GRADIENT(16, 64, 16, 2, 2)
WEIGHT_GRADIENT(32, 64, 32, 4, 2)
WEIGHT_GRADIENT(64, 64, 64, 4, 4)
WEIGHT_GRADIENT(128, 64, 128, 4, 8)
