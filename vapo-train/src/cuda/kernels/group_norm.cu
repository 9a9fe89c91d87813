// Group normalisation, y = scale·z + shift, z = (x − mean x)·r, r = 1/√(variance + ε), over a group of channels of one image.
// `parameters` has the scales, then the shifts.
//
// Let Π(v) = v − mean v − z·mean(z·v), v = scale·g of the cotangent g of y, and w = scale·h of the cotangent h of the tangent of y:
//
// tangent of z  dz = r·Π(dx), dy = scale·dz
// first pass    to = base + r·Π(v)
// second pass   to = base + r·Π(v) − r·(z·mean(w·dz) + r·Π(w)·mean(z·dx) + dz·mean(z·w))
// scales        Σ over images and pixels of g·z + h·dz
// shifts        Σ over images and pixels of g
//
// Nothing but x is kept from one kernel to the next: means are computed again. Sums are in double, as on the processor.

// A group that a block has, and the values of this thread: every 256th, pixel by pixel.
struct Group {
    Count start;
    unsigned pixels, channels, count, first;
    unsigned pixel, within;
    __device__ Group(Count pixels, Count channels, Count groups) : pixels(pixels), channels(channels), count(channels / groups) {
        first = blockIdx.x % (unsigned)groups * count;
        start = blockIdx.x / (unsigned)groups * pixels * channels + first;
        begin();
    }
    __device__ void begin() {
        pixel = threadIdx.x / count;
        within = threadIdx.x % count;
    }
    __device__ bool inside() const { return pixel < pixels; }
    __device__ void next() {
        pixel += THREADS / count;
        within += THREADS % count;
        if (within >= count) within -= count, pixel++;
    }
    __device__ Count at() const { return start + (Count)pixel * channels + within; }
    __device__ unsigned channel() const { return first + within; }
    // The mean of what every thread has a sum of.
    __device__ double mean(double sum, double *shared) const { return sum_of_block(sum, shared) / ((double)pixels * count); }
};

struct Moments {
    double mean, factor;
    __device__ Moments(const Real *x, Group &group, double epsilon, double *shared) {
        double sum = 0, squares = 0;
        for (group.begin(); group.inside(); group.next()) sum += x[group.at()];
        mean = group.mean(sum, shared);
        for (group.begin(); group.inside(); group.next()) {
            const double distance = x[group.at()] - mean;
            squares += distance * distance;
        }
        factor = 1 / sqrt(group.mean(squares, shared) + epsilon);
    }
    __device__ double z(Real x) const { return (x - mean) * factor; }
};

// The means of v and of z·v, from this thread's sums.
struct Projection {
    double mean = 0, turn = 0;
    __device__ void add(double v, double z) {
        mean += v;
        turn += z * v;
    }
    __device__ void divide(const Group &group, double *shared) {
        mean = group.mean(mean, shared);
        turn = group.mean(turn, shared);
    }
    // Π(v).
    __device__ double of(double v, double z) const { return v - mean - z * turn; }
};

KERNEL group_norm_forward(const Real *x, const Real *parameters, Real *y, Count pixels, Count channels, Count groups, double epsilon) {
    __shared__ double shared[THREADS];
    Group group(pixels, channels, groups);
    const Moments moments(x, group, epsilon, shared);
    for (group.begin(); group.inside(); group.next()) {
        const Real scale = parameters[group.channel()], shift = parameters[channels + group.channel()];
        y[group.at()] = scale * Real(moments.z(x[group.at()])) + shift;
    }
}

KERNEL group_norm_tangent(const Real *x, const Real *parameters, const Real *dx, Real *dy, Count pixels, Count channels, Count groups,
                          double epsilon) {
    __shared__ double shared[THREADS];
    Group group(pixels, channels, groups);
    const Moments moments(x, group, epsilon, shared);
    Projection along;
    for (group.begin(); group.inside(); group.next()) along.add(dx[group.at()], moments.z(x[group.at()]));
    along.divide(group, shared);
    for (group.begin(); group.inside(); group.next()) {
        const double projected = along.of(dx[group.at()], moments.z(x[group.at()]));
        dy[group.at()] = parameters[group.channel()] * Real(moments.factor * projected);
    }
}

// `statistics` gets what the gradient of the parameters needs of every group: mean x, r, mean dx and mean(z·dx). Without dx this is a
// first pass, or a second one that has no tangents here.
KERNEL group_norm_reverse(const Real *x, const Real *parameters, const Real *g, const Real *dx, const Real *h, const Real *base,
                          Real *to, double *statistics, Count pixels, Count channels, Count groups, double epsilon) {
    __shared__ double shared[THREADS];
    Group group(pixels, channels, groups);
    const Moments moments(x, group, epsilon, shared);
    Projection straight, along, turned;
    double product = 0;
    for (group.begin(); group.inside(); group.next()) {
        const Count at = group.at();
        const double scale = parameters[group.channel()], z = moments.z(x[at]);
        straight.add(scale * g[at], z);
        if (!dx) continue;
        along.add(dx[at], z);
        turned.add(scale * h[at], z);
        product += scale * h[at] * dx[at];
    }
    straight.divide(group, shared);
    if (dx) {
        along.divide(group, shared);
        turned.divide(group, shared);
        product = group.mean(product, shared);
    }
    if (statistics && threadIdx.x == 0) {
        double *own = statistics + (Count)blockIdx.x * 4;
        own[0] = moments.mean;
        own[1] = moments.factor;
        own[2] = along.mean;
        own[3] = along.turn;
    }
    if (!to) return;
    // mean(w·dz).
    const double bend = moments.factor * (product - turned.mean * along.mean - turned.turn * along.turn);
    for (group.begin(); group.inside(); group.next()) {
        const Count at = group.at();
        const double scale = parameters[group.channel()], z = moments.z(x[at]);
        double cotangent = straight.of(scale * g[at], z);
        if (dx) {
            const double dz = moments.factor * along.of(dx[at], z);
            cotangent -= z * bend + moments.factor * turned.of(scale * h[at], z) * along.turn + dz * turned.turn;
        }
        to[at] = or_zero(base, at) + Real(moments.factor * cotangent);
    }
}

#define LANES 32
#define PARTS 8

// The gradient of the parameters. A block has 32 channels of `slice` images, 8 threads each; of the blocks of the same channels the
// last one adds up what all have.
KERNEL group_norm_gradient(const Real *x, const Real *g, const Real *dx, const Real *h, const double *statistics, Real *gradient,
                           double *parts, unsigned *counters, double accumulate, Count images, Count pixels, Count channels,
                           Count groups, Count slice) {
    __shared__ double scales[PARTS][LANES], shifts[PARTS][LANES];
    const unsigned lane = threadIdx.x % LANES, part = threadIdx.x / LANES, channel = blockIdx.x * LANES + lane;
    const Count first = blockIdx.y * slice, end = min(images, first + slice);
    double scale_sum = 0, shift_sum = 0;
    if (channel < channels)
        for (Count image = first; image < end; image++) {
            const double *own = statistics + (image * groups + channel / (channels / groups)) * 4;
            for (Count pixel = part; pixel < pixels; pixel += PARTS) {
                const Count at = (image * pixels + pixel) * channels + channel;
                const double z = (x[at] - own[0]) * own[1];
                scale_sum += g[at] * z;
                shift_sum += g[at];
                if (dx) scale_sum += h[at] * own[1] * (dx[at] - own[2] - z * own[3]);
            }
        }
    scales[part][lane] = scale_sum;
    shifts[part][lane] = shift_sum;
    __syncthreads();
    const bool adds = part == 0 && channel < channels;
    if (adds) {
        for (unsigned other = 1; other < PARTS; other++) {
            scale_sum += scales[other][lane];
            shift_sum += shifts[other][lane];
        }
        parts[2 * blockIdx.y * channels + channel] = scale_sum;
        parts[(2 * blockIdx.y + 1) * channels + channel] = shift_sum;
    }
    if (!is_last_block(counters + blockIdx.x, gridDim.y) || !adds) return;
    scale_sum = shift_sum = 0;
    for (Count other = 0; other < gridDim.y; other++) {
        scale_sum += parts[2 * other * channels + channel];
        shift_sum += parts[(2 * other + 1) * channels + channel];
    }
    gradient[channel] = accumulate != 0 ? gradient[channel] + Real(scale_sum) : Real(scale_sum);
    gradient[channels + channel] = accumulate != 0 ? gradient[channels + channel] + Real(shift_sum) : Real(shift_sum);
}
