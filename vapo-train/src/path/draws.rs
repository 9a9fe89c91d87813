//! How the samples of a batch are drawn: one by one, or in groups that take variance from a covariance.

use serde::{Deserialize, Serialize};

/// What samples of a batch share.
///
/// The covariance of [`crate::objective::Objective::Energy`] multiplies the potential with an innovation γ of std
/// √(3d)/(1 − t), of which most cancels only in the mean. Samples that share a time let γ be centred at that time; a mirrored
/// noise cancels what is odd in it, the product of noise and image. Both leave the expectation as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draws {
    /// Every sample has an image, a time and a noise of its own
    Independent,
    /// Sixteen samples share a time: eight images, each with a noise and with the same noise negated
    Antithetic,
}

/// Samples that share a time.
const GROUP: usize = 16;

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
    /// Images, and noises, that a batch of `samples` takes.
    pub fn images(self, samples: usize) -> usize {
        match self {
            Draws::Independent => samples,
            Draws::Antithetic => samples.div_ceil(2),
        }
    }

    /// Times that a batch of `samples` takes.
    pub fn times(self, samples: usize) -> usize {
        match self {
            Draws::Independent => samples,
            Draws::Antithetic => samples.div_ceil(GROUP),
        }
    }

    /// The batch of `samples` out of what was drawn for it: [`Draws::images`] images and noises of `dimension` values and
    /// [`Draws::times`] times.
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(draws: Draws, samples: usize) -> Batch {
        let numbers = |count: usize| (0..count).map(|number| number as f32).collect::<Vec<_>>();
        let images = 2 * draws.images(samples);
        let (data, noise) = (numbers(images), numbers(images).iter().map(|value| value + 0.5).collect());
        let classes = (0..draws.images(samples)).map(|image| Some(image as u16)).collect();
        Batch { data, noise, times: numbers(draws.times(samples)), classes }
    }

    #[test]
    fn independent_samples_share_nothing() {
        let batch = drawn(Draws::Independent, 3);
        assert_eq!((batch.data.len(), batch.times.len()), (6, 3));
        assert_eq!(Draws::Independent.batch(3, 2, batch.clone()), batch);
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
