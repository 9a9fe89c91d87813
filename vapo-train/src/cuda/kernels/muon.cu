// Muon, for all matrices at once, and the moving average of what it moves.
//
// A block finds its matrix by a table. x is a matrix of at least as many rows as columns: the transposed one of a matrix that has
// fewer. Steps are along x after x = momentum/‖momentum‖ and then, several times,
//
// x = x·(a + b·g + c·g²),   g = xᵀ·x

typedef Tile<64, 64, 4, 4> Square;

struct Matrix {
    // Its first weight, and its extent.
    Count start, rows, columns;
    // Where x begins, and where g does.
    Count x, gram;
    // First blocks: of what is done value by value, of the tiles of g above and on its diagonal, of the tiles of x.
    Count chunk, triangle, tile;

    __device__ Count length() const { return rows * columns; }
    __device__ unsigned longer() const { return max(rows, columns); }
    __device__ unsigned shorter() const { return min(rows, columns); }
    // Where in x the weight at an index lies.
    __device__ Count place(Count index) const {
        return x + (rows < columns ? index % columns * rows + index / columns : index);
    }
};

// What a block has of what is done value by value.
struct Chunk {
    const Matrix &matrix;
    unsigned block;
    Count begin, end;
    __device__ Chunk(const Matrix *matrices, Count count)
        : matrix(entry_of(blockIdx.x, matrices, count, &Matrix::chunk)), block(blockIdx.x - matrix.chunk),
          begin((Count)block * CHUNK + threadIdx.x), end(min(matrix.length(), ((Count)block + 1) * CHUNK)) {}
};

// A tile of a matrix: its first row and first column.
struct Corner {
    unsigned row, column;
    // The tile at an index of those above and on the diagonal of a square matrix, row by row.
    __device__ static Corner of_triangle(unsigned index, unsigned size) {
        const unsigned tiles = divided_up(size, Square::M);
        unsigned row = 0;
        for (; index >= tiles - row; row++) index -= tiles - row;
        return Corner{row * Square::M, (row + index) * Square::N};
    }
};

// The momentum m = m + (1 − decay)·(g − m) of the shortened gradient g, and what it will be if the gradient stays, Nesterov's:
// x = decay·m + (1 − decay)·g. The norms of all x are sums in double.
KERNEL muon_momentum(const Real *gradient, Real *momentum, Real *x, const Matrix *matrices, Count count, double *parts,
                     unsigned *counters, double *norms, double shorten, double decay) {
    __shared__ double shared[THREADS];
    const Chunk chunk(matrices, count);
    const Matrix &matrix = chunk.matrix;
    const Real kept = decay, rest = Real(1) - kept;
    double own = 0;
    for (Count i = chunk.begin; i < chunk.end; i += THREADS) {
        const Real g = gradient[matrix.start + i] * shorten;
        const Real m = moved(momentum[matrix.start + i], g, rest);
        const Real ahead = rounded(kept, m) + rounded(rest, g);
        momentum[matrix.start + i] = m;
        x[matrix.place(i)] = ahead;
        own += (double)ahead * ahead;
    }
    const Count index = &matrix - matrices;
    const unsigned chunks = divided_up(matrix.length(), CHUNK);
    if (sum_of_blocks(own, parts + matrix.chunk, chunk.block, chunks, counters + index, shared) && threadIdx.x == 0)
        norms[index] = sqrt(own);
}

// x = x/‖x‖, or 0 for 0.
KERNEL muon_scale(Real *x, const double *norms, const Matrix *matrices, Count count) {
    const Chunk chunk(matrices, count);
    const double norm = norms[&chunk.matrix - matrices];
    for (Count i = chunk.begin; i < chunk.end; i += THREADS) {
        Real &value = x[chunk.matrix.x + i];
        value = norm == 0 ? 0 : value / norm;
    }
}

// g = xᵀ·x. Sums over the rows of x are cut into slices, a block each, and the last block to end adds up those of its tile.
KERNEL __launch_bounds__(THREADS) muon_gram(const Real *x, Real *gram, const Matrix *matrices, Count count, Real *parts,
                                            unsigned *counters, Count slice) {
    const Matrix &matrix = entry_of(blockIdx.x, matrices, count, &Matrix::triangle);
    const unsigned rows = matrix.longer(), size = matrix.shorter(), begin = blockIdx.y * slice;
    if (begin >= rows) return;
    const Corner corner = Corner::of_triangle(blockIdx.x - matrix.triangle, size);
    Plain<false> left{x + matrix.x, size, corner.row, size, 0}, right{x + matrix.x, size, corner.column, size, 0};
    Real sums[Square::TM][Square::TN] = {};
    add_products<Square>(sums, left, right, begin, min(rows, begin + (unsigned)slice));
    if (!add_parts<Square>(sums, parts, counters, divided_up(rows, slice))) return;
    gram += matrix.gram;
    for (int i = 0; i < Square::TM; i++)
        for (int j = 0; j < Square::TN; j++) {
            const Count row = corner.row + Square::row(i), column = corner.column + Square::column(j);
            if (row < size && column < size) gram[row * size + column] = gram[column * size + row] = sums[i][j];
        }
}

// The factor a + b·g + c·g² of every g, which is symmetric as g is.
KERNEL __launch_bounds__(THREADS) muon_factor(const Real *gram, Real *factor, const Matrix *matrices, Count count, double a, double b,
                                              double c) {
    const Matrix &matrix = entry_of(blockIdx.x, matrices, count, &Matrix::triangle);
    const unsigned size = matrix.shorter();
    const Corner corner = Corner::of_triangle(blockIdx.x - matrix.triangle, size);
    gram += matrix.gram;
    factor += matrix.gram;
    Plain<false> left{gram, size, corner.row, size, 0}, right{gram, size, corner.column, size, 0};
    Real sums[Square::TM][Square::TN] = {};
    add_products<Square>(sums, left, right, 0, size);
    for (int i = 0; i < Square::TM; i++)
        for (int j = 0; j < Square::TN; j++) {
            const Count row = corner.row + Square::row(i), column = corner.column + Square::column(j);
            if (row >= size || column >= size) continue;
            const Real sum = Real(b) * gram[row * size + column] + Real(c) * sums[i][j] + (row == column ? Real(a) : Real(0));
            factor[row * size + column] = factor[column * size + row] = sum;
        }
}

// y = x·factor.
KERNEL __launch_bounds__(THREADS) muon_product(const Real *x, const Real *factor, Real *y, const Matrix *matrices, Count count) {
    const Matrix &matrix = entry_of(blockIdx.x, matrices, count, &Matrix::tile);
    const unsigned rows = matrix.longer(), size = matrix.shorter(), across = divided_up(size, Square::N);
    const unsigned tile = blockIdx.x - matrix.tile;
    const Corner corner{tile / across * Square::M, tile % across * Square::N};
    Plain<true> left{x + matrix.x, size, corner.row, rows, 0};
    Plain<false> right{factor + matrix.gram, size, corner.column, size, 0};
    Real sums[Square::TM][Square::TN] = {};
    add_products<Square>(sums, left, right, 0, size);
    y += matrix.x;
    for (int i = 0; i < Square::TM; i++)
        for (int j = 0; j < Square::TN; j++) {
            const Count row = corner.row + Square::row(i), column = corner.column + Square::column(j);
            if (row < rows && column < size) y[row * size + column] = sums[i][j];
        }
}

// θ = (1 − rate·decay)·θ − rate·size·√(the longer side)·x, and average = average + part·(θ − average).
KERNEL muon_step(Real *parameters, const Real *x, Real *average, const Matrix *matrices, Count count, double rate, double decay,
                 double size, double average_rate) {
    const Chunk chunk(matrices, count);
    const Real kept = Real(1) - rounded(Real(rate), Real(decay));
    const Real scale = Real(size) * square_root(Real(chunk.matrix.longer())) * Real(rate);
    for (Count i = chunk.begin; i < chunk.end; i += THREADS) {
        const Count at = chunk.matrix.start + i;
        const Real value = rounded(kept, parameters[at]) - rounded(scale, x[chunk.matrix.place(i)]);
        parameters[at] = value;
        average[at] = moved(average[at], value, average_rate);
    }
}
