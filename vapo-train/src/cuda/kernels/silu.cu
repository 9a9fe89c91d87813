// SiLU, of x or with FiLM of m = x·(1 + scale) + shift. `film` has the scales, then the shifts, of every image.
// A block has up to 256 values of one image; there are `blocks` an image. Where dropout takes a part, `seeds` has a seed an image.

struct Place {
    Count image, at;
    unsigned within, channel;
    bool inside;
    __device__ Place(Count values, Count channels, Count blocks) {
        image = blockIdx.x / (unsigned)blocks;
        within = blockIdx.x % (unsigned)blocks * THREADS + threadIdx.x;
        inside = within < values;
        at = image * values + within;
        channel = within % (unsigned)channels;
    }
};

// m, from x.
__device__ inline Real modulated(Real x, const Real *film, Count image, unsigned channel, unsigned channels) {
    if (!film) return x;
    const Real *own = film + image * 2 * channels;
    return x * (Real(1) + own[channel]) + own[channels + channel];
}

// The tangent of m.
__device__ inline Real modulated_tangent(Real x, Real dx, const Real *film, const Real *dfilm, Count image, unsigned channel,
                                         unsigned channels) {
    if (!film) return dx;
    const Count own = image * 2 * channels + channel;
    const Real along = dx * (Real(1) + film[own]);
    return dfilm ? along + x * dfilm[own] + dfilm[own + channels] : along;
}

KERNEL silu_forward(const Real *x, const Real *film, Real *y, Count values, Count channels, Count blocks, const Count *seeds, Count node,
                    double rate, double kept) {
    const Place place(values, channels, blocks);
    if (!place.inside) return;
    const Mask mask(seeds, place.image, node, rate, kept);
    y[place.at] = Silu(modulated(x[place.at], film, place.image, place.channel, channels)).value * mask.of(place.within);
}

KERNEL silu_tangent(const Real *x, const Real *film, const Real *dx, const Real *dfilm, Real *dy, Count values, Count channels,
                    Count blocks, const Count *seeds, Count node, double rate, double kept) {
    const Place place(values, channels, blocks);
    if (!place.inside) return;
    const Real value = x[place.at];
    const Real m = modulated(value, film, place.image, place.channel, channels);
    const Real dm = modulated_tangent(value, dx[place.at], film, dfilm, place.image, place.channel, channels);
    dy[place.at] = Silu(m).slope * dm * Mask(seeds, place.image, node, rate, kept).of(place.within);
}

// Without FiLM. g is the cotangent of the value after it; in a second pass h is that of the tangent after it:
// to = base + slope·g + bend·dx·h
KERNEL silu_reverse(const Real *x, const Real *g, const Real *dx, const Real *h, const Real *base, Real *to, Count count) {
    const Count at = own_index();
    if (at >= count) return;
    const Silu silu(x[at]);
    Real cotangent = silu.slope * g[at];
    if (dx) cotangent += silu.bend * dx[at] * h[at];
    to[at] = or_zero(base, at) + cotangent;
}
