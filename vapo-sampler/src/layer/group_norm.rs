//! Group normalisation in float arithmetic; sums are f64.

use super::{At, Compute, Room, Values};
use crate::arithmetic::float::Float;
use vapo_format::Matrix;
use vapo_format::layer::{EPSILON, GroupNorm};
use vapo_format::matrix::{Weights, floats};

impl Compute<Float> for GroupNorm {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, f32>, y: &mut [f32], _: Room<'_>) {
        let Some(matrix) = &at.matrix else { return };
        for group in Group::all(*self, at) {
            let (mean, factor) = group.moments(x);
            let affine = || group.of_columns(scales(matrix)).zip(group.of_columns(matrix.biases()));
            for (y, x) in group.pixels_mut(y).zip(group.pixels(x)) {
                for ((y, x), (scale, shift)) in y.iter_mut().zip(x).zip(affine()) {
                    *y = ((f64::from(*x) - mean) * factor) as f32 * scale + shift;
                }
            }
        }
    }

    /// x̄ = r·(z̄ − mean z̄ − z·mean z·z̄) of the normalised z, where z̄ = scale·ȳ and r = 1/√(variance + ε).
    fn reverse(&self, at: &At<'_>, [x, ..]: Values<'_, f32>, g: &mut [f32], to: &mut [f32], _: usize, _: Room<'_>) {
        let Some(matrix) = &at.matrix else { return };
        for group in Group::all(*self, at) {
            let (mean, factor) = group.moments(x);
            let (mut sum, mut along, mut count) = (0.0, 0.0, 0.0);
            for (x, g) in group.pixels(x).zip(group.pixels(g)) {
                for ((x, g), scale) in x.iter().zip(g).zip(group.of_columns(scales(matrix))) {
                    let g = f64::from(*g) * f64::from(scale);
                    sum += g;
                    along += g * (f64::from(*x) - mean) * factor;
                    count += 1.0;
                }
            }
            for ((to, x), g) in group.pixels_mut(to).zip(group.pixels(x)).zip(group.pixels(g)) {
                for (((to, x), g), scale) in to.iter_mut().zip(x).zip(g).zip(group.of_columns(scales(matrix))) {
                    let z = (f64::from(*x) - mean) * factor;
                    *to = (factor * (f64::from(*g) * f64::from(scale) - (sum + z * along) / count)) as f32;
                }
            }
        }
    }
}

/// The scales of all channels: the one row of the matrix.
fn scales<'a>(matrix: &Matrix<'a>) -> impl Iterator<Item = f32> + use<'a> {
    let (stored, packed) = match matrix.weights {
        Weights::Float32 { values } => (Some(floats(values)), None),
        Weights::Scaled { values, scales } => (None, Some(values.from(0).map(f32::from).zip(floats(scales)))),
        Weights::Integer { .. } => (None, None),
    };
    stored.into_iter().flatten().chain(packed.into_iter().flatten().map(|(value, scale)| value * scale))
}

/// Neighbouring channels of all pixels.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    count: usize,
    channels: usize,
}

impl Group {
    fn all(norm: GroupNorm, at: &At<'_>) -> impl Iterator<Item = Group> + use<> {
        // Both are at least 1; the compiler cannot know.
        let (channels, groups) = (usize::from(at.output.channels).max(1), usize::from(norm.groups).max(1));
        let count = channels / groups;
        (0..groups).map(move |group| Group { start: group * count, count, channels })
    }

    fn pixels<'v>(self, values: &'v [f32]) -> impl Iterator<Item = &'v [f32]> + use<'v> {
        values.chunks_exact(self.channels).filter_map(move |pixel| pixel.get(self.start..self.start + self.count))
    }

    fn pixels_mut<'v>(self, values: &'v mut [f32]) -> impl Iterator<Item = &'v mut [f32]> + use<'v> {
        let pixels = values.chunks_exact_mut(self.channels);
        pixels.filter_map(move |pixel| pixel.get_mut(self.start..self.start + self.count))
    }

    /// What the group has of a value a channel.
    fn of_columns(self, columns: impl Iterator<Item = f32>) -> impl Iterator<Item = f32> {
        columns.skip(self.start).take(self.count)
    }

    /// Mean and 1/√(variance + ε).
    fn moments(self, x: &[f32]) -> (f64, f64) {
        let (mut sum, mut count) = (0.0, 0.0);
        self.pixels(x).flatten().for_each(|x| (sum, count) = (sum + f64::from(*x), count + 1.0));
        let mean = sum / count;
        let squares: f64 = self.pixels(x).flatten().map(|x| (f64::from(*x) - mean) * (f64::from(*x) - mean)).sum();
        (mean, 1.0 / libm::sqrt(squares / count + f64::from(EPSILON)))
    }
}
