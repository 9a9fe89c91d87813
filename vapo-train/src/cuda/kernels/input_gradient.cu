// How a convolution's input changes what comes after it: cotangents of its output (rows) times weights, the other way round.

// Windows around every pixel: a convolution with the windows turned by 180°.
// to[p, c] = base[p, c] + Σ over taps (dy, dx) and columns o of g[p + (top − dy, left − dx), o]·w[(dy, dx, c), o]
template <class T> struct Turned {
    static constexpr bool ALONG_K = true;
    static constexpr int ROWS = T::M / (THREADS / DEPTH);
    const Real *g;
    unsigned height, width, columns, window_width;
    Count start[ROWS];
    int y[ROWS], x[ROWS];
    unsigned dy, dx, column;
    __device__ Turned(const Real *g, unsigned first, unsigned pixels, unsigned height, unsigned width, unsigned columns,
                      unsigned window_width, int top, int left)
        : g(g), height(height), width(width), columns(columns), window_width(window_width) {
        for (int i = 0; i < ROWS; i++) {
            const unsigned index = first + threadIdx.x / DEPTH + i * (THREADS / DEPTH);
            const Pixel pixel = Pixel::of(index, height, width);
            start[i] = (Count)pixel.image * height * width * columns;
            // Outside of every image where there is no such pixel.
            y[i] = index < pixels ? pixel.y + top : -(1 << 20);
            x[i] = pixel.x + left;
        }
    }
    __device__ void slice(unsigned k) {
        const unsigned own = k + threadIdx.x % DEPTH, tap = own / columns;
        column = own % columns;
        dy = tap / window_width;
        dx = tap % window_width;
    }
    __device__ Real at(int i, unsigned, unsigned) const {
        const int row = y[i] - int(dy), across = x[i] - int(dx);
        if (row < 0 || row >= int(height) || across < 0 || across >= int(width)) return 0;
        return g[start[i] + ((unsigned)row * width + across) * columns + column];
    }
};

// w[(tap, c), o] for k = (tap, o): a slice of k lies within a few taps.
struct TurnedWeights {
    static constexpr bool ALONG_K = true;
    const Real *weights;
    unsigned first, channels, columns, tap, column;
    __device__ void slice(unsigned k) {
        const unsigned own = k + threadIdx.x % DEPTH;
        tap = own / columns;
        column = own % columns;
    }
    __device__ Real at(int, unsigned, unsigned line) const {
        if (first + line >= channels) return 0;
        return weights[((Count)tap * channels + first + line) * columns + column];
    }
};

template <class T>
__device__ inline void around(const Real *g, const Real *weights, const Real *base, Real *to, Count pixels, Count height, Count width,
                              Count channels, Count columns, Count window_height, Count window_width, Count top, Count left) {
    const unsigned across = (channels + T::N - 1) / T::N;
    const unsigned first = blockIdx.x / across * T::M, first_channel = blockIdx.x % across * T::N;
    Turned<T> turned(g, first, pixels, height, width, columns, window_width, top, left);
    TurnedWeights matrix{weights, first_channel, (unsigned)channels, (unsigned)columns, 0, 0};
    Real sums[T::TM][T::TN] = {};
    add_products<T>(sums, turned, matrix, 0, window_height * window_width * columns);
    for (int i = 0; i < T::TM; i++)
        for (int j = 0; j < T::TN; j++) {
            const Count pixel = first + T::row(i), channel = first_channel + T::column(j);
            if (pixel >= pixels || channel >= channels) continue;
            const Count at = pixel * channels + channel;
            to[at] = sums[i][j] + or_zero(base, at);
        }
}

// Windows that tile the image: every input pixel lies in one. Columns of the product are (dy, dx, c).
// to[window p at (dy, dx), c] = base[…] + Σ over columns o of g[p, o]·w[(dy, dx, c), o]
template <class T>
__device__ inline void tiles(const Real *g, const Real *weights, const Real *base, Real *to, Count windows, Count out_height,
                             Count out_width, Count channels, Count columns, Count window_height, Count window_width) {
    const unsigned inputs = window_height * window_width * channels, across = (inputs + T::N - 1) / T::N;
    const unsigned first = blockIdx.x / across * T::M, first_input = blockIdx.x % across * T::N;
    Plain<true> cotangents{g, columns, first, (unsigned)windows, 0};
    Plain<true> matrix{weights, columns, first_input, inputs, 0};
    Real sums[T::TM][T::TN] = {};
    add_products<T>(sums, cotangents, matrix, 0, columns);
    for (int i = 0; i < T::TM; i++) {
        const Count window = first + T::row(i);
        if (window >= windows) continue;
        const Pixel at_window = Pixel::of(window, out_height, out_width);
        for (int j = 0; j < T::TN; j++) {
            const unsigned input = first_input + T::column(j);
            if (input >= inputs) continue;
            const unsigned tap = input / channels, dy = tap / window_width, dx = tap % window_width;
            const Count row = ((Count)at_window.image * out_height + at_window.y) * window_height + dy;
            const Count at = ((row * out_width + at_window.x) * window_width + dx) * channels + input % channels;
            to[at] = sums[i][j] + or_zero(base, at);
        }
    }
}

#define INPUT_GRADIENT(N, ...)                                                                                                  \
    KERNEL __launch_bounds__(THREADS) around_##N(const Real *g, const Real *weights, const Real *base, Real *to, Count pixels,   \
                                                 Count height, Count width, Count channels, Count columns, Count window_height, \
                                                 Count window_width, Count top, Count left) {                                   \
        around<Tile<__VA_ARGS__>>(g, weights, base, to, pixels, height, width, channels, columns, window_height, window_width,   \
                                  top, left);                                                                                   \
    }                                                                                                                           \
    KERNEL __launch_bounds__(THREADS) tiles_##N(const Real *g, const Real *weights, const Real *base, Real *to, Count windows,   \
                                                Count out_height, Count out_width, Count channels, Count columns,               \
                                                Count window_height, Count window_width) {                                      \
        tiles<Tile<__VA_ARGS__>>(g, weights, base, to, windows, out_height, out_width, channels, columns, window_height,         \
                                 window_width);                                                                                 \
    }

INPUT_GRADIENT(16, 256, 16, 4, 4)
INPUT_GRADIENT(32, 128, 32, 4, 4)
INPUT_GRADIENT(64, 128, 64, 8, 4)
INPUT_GRADIENT(128, 128, 128, 8, 8)
