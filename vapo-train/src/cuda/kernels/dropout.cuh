// What dropout leaves out of activations: as on the processor, by `potential/dropout.rs`, value by value.

// Number `index` that SplitMix64 gives for a seed, from 0.
__device__ inline Count number(Count seed, Count index) {
    Count z = seed + (index + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

// The mask of an image at a node. `seeds` has a seed an image; without it nothing is left out.
struct Mask {
    bool whole;
    Count seed;
    double rate;
    Real kept;
    __device__ Mask(const Count *seeds, Count image, Count node, double rate, double kept)
        : whole(!seeds), seed(seeds ? number(seeds[image], node) : 0), rate(rate), kept(kept) {}
    // What the value at an index of the image is multiplied by.
    __device__ Real of(Count at) const {
        if (whole) return 1;
        return (number(seed, at) >> 40) * (1.0 / (1 << 24)) < rate ? Real(0) : kept;
    }
};
