// Products of matrices whose elements are read where they lie, a tile of M×N sums a block of 256 threads.
//
// A slice of DEPTH rows of both factors at a time is put into shared memory. Thread t then adds TM×TN products an element of
// the slice: rows t / (N/TN) + i·(M/TM), columns t % (N/TN) + j·(N/TN), so that neighbours read and write neighbours.

#define DEPTH 16

// The extents of a tile.
template <int M_, int N_, int TM_, int TN_> struct Tile {
    static constexpr int M = M_, N = N_, TM = TM_, TN = TN_;
    static constexpr int ACROSS = N / TN, DOWN = M / TM;
    static_assert(ACROSS * DOWN == THREADS, "a thread for each part of a tile");
    __device__ static int row(int i) { return threadIdx.x / ACROSS + i * DOWN; }
    __device__ static int column(int j) { return threadIdx.x % ACROSS + j * ACROSS; }
};

// sums += Σ over k from `begin` to `end` of a(k, row)·b(k, column).
// Factors have `slice(k)`, called with the first k of a slice, in order, then `at(i, k, line)` for their elements in it. Which those of
// this thread are, `FIRST` says: along k first, or along the line first. Past the end they give 0.
// Elements of a slice of a factor that a thread reads, LINES lines a tile.
template <int LINES, class F> struct Share {
    static constexpr int COUNT = (LINES * DEPTH + THREADS - 1) / THREADS;
    Real values[COUNT];
    __device__ static unsigned along(int i) {
        return F::ALONG_K ? threadIdx.x % DEPTH : (threadIdx.x + i * THREADS) / LINES;
    }
    __device__ static unsigned line(int i) {
        return F::ALONG_K ? threadIdx.x / DEPTH + i * (THREADS / DEPTH) : (threadIdx.x + i * THREADS) % LINES;
    }
    __device__ void read(F &factor, unsigned k, unsigned end) {
        factor.slice(k);
#pragma unroll
        for (int i = 0; i < COUNT; i++) values[i] = k + along(i) < end ? factor.at(i, along(i), line(i)) : Real(0);
    }
    __device__ void share(Real (&to)[DEPTH][LINES + 1]) const {
#pragma unroll
        for (int i = 0; i < COUNT; i++) to[along(i)][line(i)] = values[i];
    }
};

template <class T, class A, class B>
__device__ inline void add_products(Real (&sums)[T::TM][T::TN], A &a, B &b, unsigned begin, unsigned end) {
    __shared__ Real rows[DEPTH][T::M + 1], columns[DEPTH][T::N + 1];
    Share<T::M, A> of_rows;
    Share<T::N, B> of_columns;
    of_rows.read(a, begin, end);
    of_columns.read(b, begin, end);
    for (unsigned k = begin; k < end; k += DEPTH) {
        of_rows.share(rows);
        of_columns.share(columns);
        __syncthreads();
        // The next slice is on its way while this one is multiplied.
        if (k + DEPTH < end) {
            of_rows.read(a, k + DEPTH, end);
            of_columns.read(b, k + DEPTH, end);
        }
#pragma unroll
        for (int step = 0; step < DEPTH; step++) {
            Real left[T::TM], right[T::TN];
#pragma unroll
            for (int i = 0; i < T::TM; i++) left[i] = rows[step][T::row(i)];
#pragma unroll
            for (int j = 0; j < T::TN; j++) right[j] = columns[step][T::column(j)];
#pragma unroll
            for (int i = 0; i < T::TM; i++)
#pragma unroll
                for (int j = 0; j < T::TN; j++) sums[i][j] += left[i] * right[j];
        }
        __syncthreads();
    }
}

// Where the sums of a tile are cut into slices, a block of the launch's y each: adds up all of this block's tile, in their order,
// and returns true in the last block to come here. The result does not depend on the order in which blocks run.
template <class T> __device__ inline bool add_parts(Real (&sums)[T::TM][T::TN], Real *parts, unsigned *counters, unsigned slices) {
    if (slices == 1) return true;
    // What this thread has of its tile lies together with what its neighbours have.
    const Count tile = blockIdx.x, tiles = gridDim.x, size = T::M * T::N;
    for (int i = 0; i < T::TM; i++)
        for (int j = 0; j < T::TN; j++)
            parts[(blockIdx.y * tiles + tile) * size + (i * T::TN + j) * THREADS + threadIdx.x] = sums[i][j];
    if (!is_last_block(counters + tile, slices)) return false;
    for (int i = 0; i < T::TM; i++)
        for (int j = 0; j < T::TN; j++) {
            sums[i][j] = 0;
            for (unsigned part = 0; part < slices; part++)
                sums[i][j] += parts[(part * tiles + tile) * size + (i * T::TN + j) * THREADS + threadIdx.x];
        }
    return true;
}

// A matrix in memory, (lines, k) or (k, lines), as a factor. Lines past the end are 0.
template <bool ALONG> struct Plain {
    static constexpr bool ALONG_K = ALONG;
    const Real *from;
    Count stride;
    unsigned first, lines, k;
    __device__ void slice(unsigned at) { k = at; }
    __device__ Real at(int, unsigned along, unsigned line) const {
        if (first + line >= lines) return 0;
        return ALONG ? from[(first + line) * stride + k + along] : from[(k + along) * stride + first + line];
    }
};

// Pixels of a batch of images: which, and where its image begins.
struct Pixel {
    unsigned image;
    int y, x;
    __device__ static Pixel of(unsigned index, unsigned height, unsigned width) {
        const unsigned row = index / width;
        return Pixel{row / height, int(row % height), int(index % width)};
    }
    // The pixel `step` further on: the one whose index is the sum of both.
    __device__ void advance(const Pixel &step, int height, int width) {
        x += step.x;
        const int next_row = x >= width;
        x -= next_row ? width : 0;
        y += step.y + next_row;
        const int next_image = y >= height;
        y -= next_image ? height : 0;
        image += step.image + next_image;
    }
    // The pixel that `advance` leads here from. Its image may be −1, in unsigned arithmetic.
    __device__ Pixel before(const Pixel &step, int height, int width) const {
        Pixel pixel{image - step.image, y - step.y, x - step.x};
        if (pixel.x < 0) pixel.x += width, pixel.y--;
        if (pixel.y < 0) pixel.y += height, pixel.image--;
        return pixel;
    }
};

// The windows of a convolution, a line each, as a factor: k runs over taps (dy, dx), and over channels within a tap. Windows are `down`
// × `right` pixels apart, and begin `top`, `left` pixels outside of the image, where all is 0. SIGN −1 turns them by 180°.
template <class T, int SIGN> struct Windows {
    static constexpr bool ALONG_K = true;
    static constexpr int ROWS = T::M / (THREADS / DEPTH);
    const Real *from;
    unsigned height, width, channels, window_width;
    Count start[ROWS];
    int y[ROWS], x[ROWS];
    unsigned channel;
    int dy, dx;
    __device__ Windows(const Real *from, unsigned first, unsigned pixels, unsigned height, unsigned width, unsigned channels,
                       unsigned out_height, unsigned out_width, unsigned window_width, int down, int right, int top, int left)
        : from(from), height(height), width(width), channels(channels), window_width(window_width) {
        for (int i = 0; i < ROWS; i++) {
            const unsigned index = first + threadIdx.x / DEPTH + i * (THREADS / DEPTH);
            const Pixel pixel = Pixel::of(index, out_height, out_width);
            start[i] = (Count)pixel.image * height * width * channels;
            // Outside of every image where there is no such pixel.
            y[i] = index < pixels ? pixel.y * down - SIGN * top : -(1 << 20);
            x[i] = pixel.x * right - SIGN * left;
        }
    }
    __device__ void slice(unsigned k) {
        const unsigned own = k + threadIdx.x % DEPTH, tap = own / channels;
        channel = own % channels;
        dy = SIGN * int(tap / window_width);
        dx = SIGN * int(tap % window_width);
    }
    __device__ Real at(int i, unsigned, unsigned) const {
        const int row = y[i] + dy, column = x[i] + dx;
        if (row < 0 || row >= int(height) || column < 0 || column >= int(width)) return 0;
        return from[start[i] + ((unsigned)row * width + column) * channels + channel];
    }
};

// Makes kernels for tiles of so many rows and columns, by products a thread.
#define TILES(make)                                                                                                             \
    make(256, 16, 4, 4) make(64, 16, 2, 2) make(128, 32, 4, 4) make(32, 32, 2, 2) make(128, 64, 8, 4) make(64, 64, 4, 4)         \
    make(32, 64, 2, 4) make(128, 128, 8, 8)
