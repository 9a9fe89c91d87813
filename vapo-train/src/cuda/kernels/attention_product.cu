// Products of attention, of the matrices of every head of every image: to = base + factor·(a·b + c·d), without c·d where c has no
// address. A block has a tile of one head's product.
//
// | kernel | a and c | b and d |
// |---|---|---|
// | scores | rows × inner | columns × inner, transposed |
// | means | rows × inner | inner × columns |
// | turned | inner × rows, transposed | inner × columns |
//
// Rows of a matrix are `stride` values apart, those of the next head begin `head` further on, those of the next image `image`.

template <class T, class A, class B>
__device__ inline void attention_product(const Real *a, const Real *b, const Real *c, const Real *d, const Real *base, Real *to,
                                         double factor, Count rows, Count columns, Count inner, Count heads, Count left_stride,
                                         Count left_image, Count left_head, Count right_stride, Count right_image, Count right_head,
                                         Count to_stride, Count to_image, Count to_head) {
    const unsigned across = (columns + T::N - 1) / T::N, tiles = (rows + T::M - 1) / T::M * across;
    const unsigned matrix = blockIdx.x / tiles, tile = blockIdx.x % tiles;
    const unsigned first = tile / across * T::M, first_column = tile % across * T::N;
    const Count image = matrix / heads, head = matrix % heads;
    const Count of_left = image * left_image + head * left_head, of_right = image * right_image + head * right_head;
    const Count of_to = image * to_image + head * to_head;
    Real sums[T::TM][T::TN] = {};
    for (int stream = 0; stream < (c ? 2 : 1); stream++) {
        A left{(stream ? c : a) + of_left, left_stride, first, (unsigned)rows, 0};
        B right{(stream ? d : b) + of_right, right_stride, first_column, (unsigned)columns, 0};
        add_products<T>(sums, left, right, 0, inner);
    }
    for (int i = 0; i < T::TM; i++)
        for (int j = 0; j < T::TN; j++) {
            const Count row = first + T::row(i), column = first_column + T::column(j);
            if (row >= rows || column >= columns) continue;
            const Count at = of_to + row * to_stride + column;
            to[at] = or_zero(base, at) + Real(factor) * sums[i][j];
        }
}

#define PRODUCT(NAME, LEFT, RIGHT, SIZE, EACH)                                                                                  \
    KERNEL __launch_bounds__(THREADS) attention_##NAME##_##SIZE(                                                                \
        const Real *a, const Real *b, const Real *c, const Real *d, const Real *base, Real *to, double factor, Count rows,      \
        Count columns, Count inner, Count heads, Count left_stride, Count left_image, Count left_head, Count right_stride,      \
        Count right_image, Count right_head, Count to_stride, Count to_image, Count to_head) {                                  \
        attention_product<Tile<SIZE, SIZE, EACH, EACH>, Plain<LEFT>, Plain<RIGHT>>(                                             \
            a, b, c, d, base, to, factor, rows, columns, inner, heads, left_stride, left_image, left_head, right_stride,        \
            right_image, right_head, to_stride, to_image, to_head);                                                             \
    }

PRODUCT(scores, true, true, 64, 4)
PRODUCT(scores, true, true, 32, 2)
PRODUCT(means, true, false, 64, 4)
PRODUCT(means, true, false, 32, 2)
PRODUCT(turned, false, false, 64, 4)
PRODUCT(turned, false, false, 32, 2)
