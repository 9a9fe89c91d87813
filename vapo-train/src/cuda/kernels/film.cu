// The reverse of SiLU with FiLM, y = silu(m), m = x·(1 + scale) + shift. A block has 32 channels of one image, 8 threads each,
// which add up over its pixels what the scales and shifts get.
//
// g is the cotangent of y; in a second pass h is that of the tangent of y, dx and dfilm are the tangents of x and FiLM. Where dropout
// takes a part of y, g and h are what it leaves of them:
// ĝ = slope·g + bend·dm·h,   h̄ = slope·h
// to       = base + (1 + scale)·ĝ + dscale·h̄
// to_scale = film_base + Σ over pixels of x·ĝ + dx·h̄
// to_shift = film_base + Σ over pixels of ĝ

#define LANES 32
#define PARTS 8

KERNEL film_reverse(const Real *x, const Real *film, const Real *g, const Real *dx, const Real *dfilm, const Real *h, const Real *base,
                    Real *to, const Real *film_base, Real *to_film, Count pixels, Count channels, const Count *seeds, Count node, double rate,
                    double kept) {
    __shared__ Real scales[PARTS][LANES], shifts[PARTS][LANES];
    const unsigned blocks = (channels + LANES - 1) / LANES;
    const Count image = blockIdx.x / blocks;
    const unsigned lane = threadIdx.x % LANES, part = threadIdx.x / LANES;
    const unsigned channel = blockIdx.x % blocks * LANES + lane;
    Real scale_sum = 0, shift_sum = 0;
    const Count own = image * 2 * channels + channel;
    if (channel < channels) {
        const Real factor = Real(1) + film[own], shift = film[own + channels];
        const Real dscale = dfilm ? dfilm[own] : Real(0), dshift = dfilm ? dfilm[own + channels] : Real(0);
        const Mask mask(seeds, image, node, rate, kept);
        for (Count pixel = part; pixel < pixels; pixel += PARTS) {
            const Count at = (image * pixels + pixel) * channels + channel;
            const Silu silu(x[at] * factor + shift);
            const Real left = mask.of(pixel * channels + channel);
            Real first = silu.slope * (g[at] * left), second = 0, tangent = 0;
            if (h) {
                tangent = dx[at];
                first += silu.bend * (tangent * factor + x[at] * dscale + dshift) * (h[at] * left);
                second = silu.slope * (h[at] * left);
            }
            if (to) to[at] = or_zero(base, at) + factor * first + dscale * second;
            scale_sum += x[at] * first + tangent * second;
            shift_sum += first;
        }
    }
    if (!to_film) return;
    scales[part][lane] = scale_sum;
    shifts[part][lane] = shift_sum;
    __syncthreads();
    if (part || channel >= channels) return;
    for (unsigned other = 1; other < PARTS; other++) {
        scale_sum += scales[other][lane];
        shift_sum += shifts[other][lane];
    }
    to_film[own] = or_zero(film_base, own) + scale_sum;
    to_film[own + channels] = or_zero(film_base, own + channels) + shift_sum;
}
