//! Which images training sees mirrored.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use vapo_format::Shape;

/// Keeps flips apart from the permutations of the same seed.
const SALT: u64 = 0x666c_6970;

/// A fair coin for every image of every epoch.
///
/// The coin of an image depends on nothing but the seed and its place in the stream of images that training sees, so
/// a resumed run goes on with the same ones, on any number of threads.
#[derive(Clone, Copy, Debug)]
pub struct Flips {
    seed: u64,
}

impl Flips {
    /// The coins of a seed.
    pub fn new(seed: u64) -> Self {
        Flips { seed: SplitMix64::seed_from_u64(seed ^ SALT).next_u64() }
    }

    /// Whether image `place` of the stream is mirrored. Image `i` of batch `step` is at `step`·batch + `i`.
    pub fn flips(&self, place: u64) -> bool {
        SplitMix64::seed_from_u64(self.seed.wrapping_add(place)).next_u64() >> 63 == 1
    }

    /// Mirrors, left to right, those of the images (N, H, W, C) in `data` whose coins say so; the first is at `place`.
    pub fn apply(&self, place: u64, shape: Shape, data: &mut [f32]) {
        for (index, image) in (0..).zip(data.chunks_exact_mut(shape.elements())) {
            if self.flips(place.wrapping_add(index)) {
                mirror(image, shape);
            }
        }
    }
}

/// Turns every row around, pixel by pixel.
fn mirror(image: &mut [f32], shape: Shape) {
    let (width, channels) = (usize::from(shape.width), usize::from(shape.channels));
    for row in image.chunks_exact_mut(width * channels) {
        row.reverse();
        // Now every pixel's channels are turned around too.
        row.chunks_exact_mut(channels).for_each(<[f32]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_mirrored_and_channels_are_not() {
        let shape = Shape { channels: 2, height: 2, width: 3 };
        let mut image: Vec<f32> = (0..12).map(|value| value as f32).collect();
        mirror(&mut image, shape);
        assert_eq!(image, [4., 5., 2., 3., 0., 1., 10., 11., 8., 9., 6., 7.]);
    }

    #[test]
    fn the_coins_are_fair_and_independent_of_their_neighbours() {
        for seed in 0..4 {
            let flips = Flips::new(seed);
            let coins: Vec<bool> = (0..10_000).map(|place| flips.flips(place)).collect();
            let heads = coins.iter().filter(|&&coin| coin).count();
            let same = coins.windows(2).filter(|pair| pair[0] == pair[1]).count();
            // Five standard deviations of 50.
            assert!(heads.abs_diff(5000) < 250 && same.abs_diff(5000) < 250, "seed {seed}: {heads}, {same}");
        }
        let of = |seed| (0..64).map(|place| Flips::new(seed).flips(place)).collect::<Vec<_>>();
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn a_batch_cut_anywhere_flips_the_same_images() {
        let (shape, flips) = (Shape { channels: 1, height: 1, width: 2 }, Flips::new(3));
        let data: Vec<f32> = (0..40).map(|value| value as f32).collect();
        let mut whole = data.clone();
        flips.apply(100, shape, &mut whole);
        let mut parts = data.clone();
        let (first, second) = parts.split_at_mut(2 * 7);
        flips.apply(107, shape, second);
        flips.apply(100, shape, first);
        assert_eq!(parts, whole);
        assert_ne!(whole, data);
        for (index, (image, before)) in (0..).zip(whole.chunks(2).zip(data.chunks(2))) {
            let expected = if flips.flips(100 + index) { [before[1], before[0]] } else { [before[0], before[1]] };
            assert_eq!(image, expected);
        }
    }
}
