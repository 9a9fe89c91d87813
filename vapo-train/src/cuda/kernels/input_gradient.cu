// How a convolution's input changes what comes after it: cotangents of its output (rows) times weights, the other way round.

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

// Windows around every pixel: a convolution with the windows turned by 180°.
// to[p, c] = base[p, c] + Σ over taps (dy, dx) and columns o of g[p + (top − dy, left − dx), o]·w[(dy, dx, c), o]
template <class T>
__device__ inline void around(const Real *g, const Real *weights, const Real *base, Real *to, Count pixels, Count height, Count width,
                              Count channels, Count columns, Count window_height, Count window_width, Count top, Count left) {
    const unsigned across = (channels + T::N - 1) / T::N;
    const unsigned first = blockIdx.x / across * T::M, first_channel = blockIdx.x % across * T::N;
    Windows<T, -1> turned(g, first, pixels, height, width, columns, height, width, window_width, 1, 1, top, left);
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

#define INPUT_GRADIENT(M, N, ...)                                                                                                  \
    KERNEL __launch_bounds__(THREADS) around_##M##x##N(const Real *g, const Real *weights, const Real *base, Real *to, Count pixels,   \
                                                 Count height, Count width, Count channels, Count columns, Count window_height, \
                                                 Count window_width, Count top, Count left) {                                   \
        around<Tile<M, N, __VA_ARGS__>>(g, weights, base, to, pixels, height, width, channels, columns, window_height, window_width,   \
                                  top, left);                                                                                   \
    }                                                                                                                           \
    KERNEL __launch_bounds__(THREADS) tiles_##M##x##N(const Real *g, const Real *weights, const Real *base, Real *to, Count windows,   \
                                                Count out_height, Count out_width, Count channels, Count columns,               \
                                                Count window_height, Count window_width) {                                      \
        tiles<Tile<M, N, __VA_ARGS__>>(g, weights, base, to, windows, out_height, out_width, channels, columns, window_height,         \
                                 window_width);                                                                                 \
    }

TILES(INPUT_GRADIENT)
