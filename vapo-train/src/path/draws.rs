//! How the samples of a batch are drawn: one by one, or in groups that take variance from a covariance.

use crate::arithmetic::sums::dot;
use serde::{Deserialize, Serialize};

/// What samples of a batch share.
///
/// The covariance of [`crate::objective::Objective::Energy`] multiplies the potential with an innovation γ of std
/// √(3d)/(1 − t), of which most cancels only in the mean. Samples that share a time let γ be centred at that time; a mirrored
/// noise cancels what is odd in it, the product of noise and image.
///
/// γ sees two numbers of a noise ε alone: its component z = ε·x̄/‖x̄‖ along the image, and the length r of what lies across it. The
/// direction of that, ω, is independent of both. So E\[Φγ\] is the mean over images and directions of a covariance over z and r alone.
/// Samples that share image and direction estimate that: what Φ has of them cancels, and what is left of its changes is what γ knows
/// of. In simulation these are *common random numbers*.
///
/// All leave the expectation as it is: every sample has standard Gaussian noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draws {
    /// Every sample has an image, a time and a noise of its own
    Independent,
    /// Sixteen samples share a time: eight images, each with a noise and with the same noise negated
    Antithetic,
    /// Four samples share an image, a time and the direction of their noise across the image, and differ in what the innovation knows of
    Common,
}

/// Antithetic samples that share a time.
const GROUP: usize = 16;

/// Common samples that share an image, a time and a direction.
const COMMON: usize = 4;

/// Samples of a pair: the noise of the second is mirrored.
const PAIR: usize = 2;

/// Data, noise and times of a batch of B samples of d values: (B, d), (B, d), (B,).
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Images.
    pub data: Vec<f32>,
    /// Gaussian noise.
    pub noise: Vec<f32>,
    /// Times; samples that share one stand together.
    pub times: Vec<f32>,
    /// Classes of the images, (B,); empty where the potential has none.
    pub classes: Vec<Option<u16>>,
}

impl Draws {
    /// Images that a batch of `samples` takes.
    pub fn images(self, samples: usize) -> usize {
        match self {
            Draws::Independent => samples,
            Draws::Antithetic => samples.div_ceil(PAIR),
            Draws::Common => samples.div_ceil(COMMON),
        }
    }

    /// Noises that it takes: at least one an image.
    pub fn noises(self, samples: usize) -> usize {
        match self {
            Draws::Independent | Draws::Antithetic => self.images(samples),
            Draws::Common => self.images(samples) * COMMON,
        }
    }

    /// Samples that are drawn together, beside one another. Of samples that share a time, those of different units are independent, given
    /// what all of them share.
    pub fn unit(self) -> usize {
        match self {
            Draws::Independent | Draws::Common => 1,
            Draws::Antithetic => PAIR,
        }
    }

    /// Times that a batch of `samples` takes.
    pub fn times(self, samples: usize) -> usize {
        match self {
            Draws::Independent => samples,
            Draws::Antithetic => samples.div_ceil(GROUP),
            Draws::Common => samples.div_ceil(COMMON),
        }
    }

    /// The batch of `samples` out of what was drawn for it: [`Draws::images`] images and [`Draws::noises`] noises of `dimension` values
    /// and [`Draws::times`] times.
    pub fn batch(self, samples: usize, dimension: usize, drawn: Batch) -> Batch {
        match self {
            Draws::Independent => drawn,
            Draws::Antithetic => {
                let (mut data, mut noise) = (Vec::new(), Vec::new());
                let rows = drawn.data.chunks_exact(dimension).zip(drawn.noise.chunks_exact(dimension));
                for (image, gaussian) in rows {
                    data.extend([image, image].concat());
                    noise.extend(gaussian);
                    noise.extend(gaussian.iter().map(|value| -value));
                }
                // Of an odd number, the last noise has no mirror image.
                data.truncate(samples * dimension);
                noise.truncate(samples * dimension);
                let times = (0..samples).filter_map(|sample| drawn.times.get(sample / GROUP)).copied().collect();
                let mut classes: Vec<_> = drawn.classes.iter().flat_map(|&class| [class, class]).collect();
                classes.truncate(samples);
                Batch { data, noise, times, classes }
            }
            Draws::Common => common(samples, dimension, &drawn),
        }
    }
}

/// The batch of [`Draws::Common`]: of an image's noises each keeps its two numbers, z and r, and all get the direction of the first.
fn common(samples: usize, dimension: usize, drawn: &Batch) -> Batch {
    let (mut data, mut noise) = (Vec::new(), Vec::new());
    let rows = drawn.data.chunks_exact(dimension).zip(drawn.noise.chunks_exact(COMMON * dimension));
    for (image, noises) in rows {
        let length = dot(image, image).sqrt();
        // An image of zeros has no direction, and γ knows of the length alone.
        let along: Vec<f64> =
            image.iter().map(|&value| if length > 0.0 { f64::from(value) / length } else { 0.0 }).collect();
        let mut direction = Vec::new();
        for own in noises.chunks_exact(dimension) {
            let component: f64 = own.iter().zip(&along).map(|(&value, along)| f64::from(value) * along).sum();
            let across: Vec<f64> =
                own.iter().zip(&along).map(|(&value, along)| f64::from(value) - component * along).collect();
            let radius = across.iter().map(|value| value * value).sum::<f64>().sqrt();
            if direction.is_empty() {
                // Nothing is across the one pixel that an image may have.
                direction = across.iter().map(|value| if radius > 0.0 { value / radius } else { 0.0 }).collect();
            }
            let made = along.iter().zip(&direction).map(|(along, across)| component * along + radius * across);
            noise.extend(made.map(|value| value as f32));
            data.extend(image);
        }
    }
    data.truncate(samples * dimension);
    noise.truncate(samples * dimension);
    let of_image = |sample: usize| sample / COMMON;
    let times = (0..samples).filter_map(|sample| drawn.times.get(of_image(sample))).copied().collect();
    let classes = (0..samples).filter_map(|sample| drawn.classes.get(of_image(sample))).copied().collect();
    Batch { data, noise, times, classes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::generator;
    use vapo_sampler::Noise;

    fn drawn(draws: Draws, samples: usize) -> Batch {
        let numbers = |count: usize| (0..count).map(|number| number as f32).collect::<Vec<_>>();
        let (images, noises) = (2 * draws.images(samples), 2 * draws.noises(samples));
        let (data, noise) = (numbers(images), numbers(noises).iter().map(|value| value + 0.5).collect());
        let classes = (0..draws.images(samples)).map(|image| Some(image as u16)).collect();
        Batch { data, noise, times: numbers(draws.times(samples)), classes }
    }

    #[test]
    fn independent_samples_share_nothing() {
        let batch = drawn(Draws::Independent, 3);
        assert_eq!((batch.data.len(), batch.times.len()), (6, 3));
        assert_eq!(Draws::Independent.batch(3, 2, batch.clone()), batch);
    }

    /// Standard Gaussian noise stays so: of the noises that were drawn, each gives its component along the image and its length across.
    #[test]
    fn common_samples_differ_in_what_the_innovation_knows_of() {
        for samples in [1, 2, 3, 4, 7, 40] {
            let dimension = 19;
            let mut noise = Noise::new(generator(samples as u64));
            let mut gaussian = |count: usize| (0..count * dimension).map(|_| noise.draw()).collect::<Vec<f32>>();
            let (images, noises) = (Draws::Common.images(samples), Draws::Common.noises(samples));
            assert_eq!([images, noises], [samples.div_ceil(4), 4 * samples.div_ceil(4)]);
            let times: Vec<f32> = (0..Draws::Common.times(samples)).map(|time| time as f32).collect();
            let classes = (0..images).map(|image| Some(image as u16)).collect();
            let drawn = Batch { data: gaussian(images), noise: gaussian(noises), times, classes };
            let found = Draws::Common.batch(samples, dimension, drawn.clone());
            assert_eq!([found.data.len(), found.noise.len()], [samples * dimension; 2]);
            assert_eq!([found.times.len(), found.classes.len()], [samples; 2]);
            let row = |values: &[f32], index: usize| values[index * dimension..(index + 1) * dimension].to_vec();
            // z, r² and r·ω of a noise.
            let parts = |noise: &[f32], image: &[f32]| {
                let z = dot(noise, image) / dot(image, image).sqrt();
                let scale = z / dot(image, image).sqrt();
                let across: Vec<f32> =
                    noise.iter().zip(image).map(|(&noise, &image)| noise - scale as f32 * image).collect();
                (z, dot(noise, noise) - z * z, across)
            };
            for sample in 0..samples {
                let image = row(&drawn.data, sample / 4);
                assert_eq!(row(&found.data, sample), image);
                assert_eq!(
                    (found.times[sample], found.classes[sample]),
                    ((sample / 4) as f32, Some((sample / 4) as u16))
                );
                let (z, square, across) = parts(&row(&found.noise, sample), &image);
                let (own_z, own_square, _) = parts(&row(&drawn.noise, sample), &image);
                let (_, first_square, first) = parts(&row(&drawn.noise, sample / 4 * 4), &image);
                // Roundings of f32 of nineteen values of up to 3.
                assert!((z - own_z).abs() < 1e-5 && (square - own_square).abs() < 1e-4, "{sample} of {samples}");
                let cosine = dot(&across, &first) / (square * first_square).sqrt();
                assert!((cosine - 1.0).abs() < 1e-5, "{cosine}");
            }
        }
    }

    /// An image of zeros, and images of one pixel.
    #[test]
    fn common_samples_are_finite_where_there_is_no_direction() {
        for (data, dimension) in [(vec![0.0; 3], 3), (vec![0.5], 1), (vec![0.0], 1)] {
            let drawn = Batch { noise: vec![1.0; 4 * dimension], data, times: vec![0.5], classes: Vec::new() };
            let found = Draws::Common.batch(4, dimension, drawn);
            assert!(found.noise.len() == 4 * dimension && found.noise.iter().all(|value| value.is_finite()));
            let square = dot(&found.noise[..dimension], &found.noise[..dimension]);
            assert!((square - dimension as f64).abs() < 1e-6, "{square}");
        }
    }

    #[test]
    fn antithetic_samples_come_in_mirrored_pairs_that_share_a_time() {
        for samples in [1, 3, 16, 17, 40] {
            let found = Draws::Antithetic.batch(samples, 2, drawn(Draws::Antithetic, samples));
            assert_eq!((found.data.len(), found.noise.len(), found.times.len()), (2 * samples, 2 * samples, samples));
            for sample in 0..samples {
                assert_eq!(found.times[sample], (sample / GROUP) as f32);
                assert_eq!(found.classes[sample], Some((sample / 2) as u16));
                let (row, image) = (2 * sample..2 * sample + 2, (sample / 2 * 2) as f32);
                assert_eq!(found.data[row.clone()], [image, image + 1.0]);
                let sign = if sample % 2 == 0 { 1.0 } else { -1.0 };
                assert_eq!(found.noise[row], [sign * (image + 0.5), sign * (image + 1.5)]);
            }
        }
    }
}
