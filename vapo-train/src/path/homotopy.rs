//! The path from noise to data.
//!
//! The density of a sample on the path, given its datum, is ρ(x | x̄, t) = N(μ x̄, σ² I). The coefficients μ and σ of
//! either homotopy are [`vapo_sampler::homotopy`]'s.
//!
//! Source: Loo et al., *Variational Potential Flow*, for `bayes`; the straight path, `linear`, is its follow-up's.

use crate::arithmetic::extent::{ExtentError, check};
use crate::arithmetic::sums::dot;
use crate::potential::Samples;
use vapo_format::Homotopy;
use vapo_sampler::homotopy::coefficients;

/// The latest time that is drawn, 1 − 2⁻¹⁰.
///
/// At time 1 the std σ vanishes. The innovation grows as 1/σ on both paths, and on the path of
/// [`Homotopy::Bayes`] so does the velocity: its mean square, d/(4(1 − t)) beside the data's, has no finite integral
/// up to 1. So no loss may look there. Nothing is lost: a solver never evaluates the drift later, unless its last
/// step is shorter than 2⁻¹⁰.
pub const LATEST: f32 = 1.0 - 1.0 / 1024.0;

/// Why a path was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PathError {
    /// Slices of different batches.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// There is nothing to average over.
    #[error(
        "a batch needs at least one sample of at least one value, found {samples} samples of {values} values in all"
    )]
    Empty {
        /// Times given.
        samples: usize,
        /// Values of data given.
        values: usize,
    },
    /// A time outside [0, 1).
    #[error("time {found} of sample {sample} is not in 0 ≤ t < 1: draw times with `Times`")]
    Time {
        /// Position in the batch.
        sample: usize,
        /// The time.
        found: f32,
    },
}

/// A batch of B samples on the path, d values each, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    times: Vec<f32>,
    classes: Vec<Option<u16>>,
    images: Vec<f32>,
    velocity: Vec<f32>,
    innovation: Vec<f64>,
    unit: usize,
}

impl Path {
    /// The path from `noise` to `data`, (B, d) each, at `times`, (B,).
    ///
    /// # Errors
    /// [`PathError`]: extents that differ, an empty batch, a time outside [0, 1).
    pub fn new(homotopy: Homotopy, data: &[f32], noise: &[f32], times: &[f32]) -> Result<Self, PathError> {
        if data.is_empty() || times.is_empty() {
            return Err(PathError::Empty { samples: times.len(), values: data.len() });
        }
        if let Some(sample) = times.iter().position(|time| !(0.0..1.0).contains(time)) {
            return Err(PathError::Time { sample, found: times[sample] });
        }
        let dimension = data.len().div_ceil(times.len());
        check("data", data, times.len() * dimension)?;
        check("noise", noise, data.len())?;

        let (mut images, mut velocity) = (Vec::with_capacity(data.len()), Vec::with_capacity(data.len()));
        let mut innovation = Vec::with_capacity(times.len());
        let rows = data.chunks_exact(dimension).zip(noise.chunks_exact(dimension));
        for ((data, noise), &time) in rows.zip(times) {
            let at = coefficients(homotopy, time);
            let pairs = || data.iter().zip(noise);
            images.extend(pairs().map(|(data, noise)| at.mean * data + at.std * noise));
            velocity.extend(pairs().map(|(data, noise)| at.mean_rate * data + at.std_rate * noise));
            let shift = f64::from(at.mean_rate) * dot(noise, data);
            let spread = f64::from(at.std_rate) * (dot(noise, noise) - dimension as f64);
            innovation.push(-(shift + spread) / f64::from(at.std));
        }
        Ok(Path { times: times.to_vec(), classes: Vec::new(), images, velocity, innovation, unit: 1 })
    }

    /// The same path, of samples of these classes, (B,), or none where no sample has one.
    ///
    /// # Errors
    /// [`PathError::Extent`].
    pub fn with_classes(self, classes: Vec<Option<u16>>) -> Result<Self, PathError> {
        if !classes.is_empty() {
            check("classes", &classes, self.times.len())?;
        }
        Ok(Path { classes, ..self })
    }

    /// The same path, of samples that were drawn together: [`crate::path::Draws::unit`] of them.
    #[must_use]
    pub fn in_units_of(self, unit: usize) -> Self {
        Path { unit, ..self }
    }

    /// Samples that were drawn together, which stand beside one another. The last of them may be fewer.
    pub fn unit(&self) -> usize {
        self.unit
    }

    /// Times t, (B,).
    pub fn times(&self) -> &[f32] {
        &self.times
    }

    /// x = μx̄ + σε, (B, d).
    pub fn images(&self) -> &[f32] {
        &self.images
    }

    /// The conditional velocity u = dx/dt = μ′x̄ + σ′ε, (B, d). Its mean given x is the drift sought.
    pub fn velocity(&self) -> &[f32] {
        &self.velocity
    }

    /// The innovation γ = −∂ₜ log ρ(x | x̄, t) at fixed x, (B,): −(μ′/σ) ε·x̄ − (σ′/σ)(‖ε‖² − d). Its mean given x̄ is zero.
    pub fn innovation(&self) -> &[f64] {
        &self.innovation
    }

    /// Values a sample, d.
    pub fn dimension(&self) -> usize {
        self.images.len() / self.times.len()
    }

    /// What a potential is evaluated at.
    pub fn samples(&self) -> Samples<'_, f32> {
        Samples { images: &self.images, times: &self.times, classes: &self.classes, dropout: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::uniform;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;

    const BOTH: [Homotopy; 2] = [Homotopy::Linear, Homotopy::Bayes];

    #[test]
    fn literal_values() {
        // μ = ¾; σ = ¼, σ′ = −1 on the straight path, σ = ½, σ′ = −1 on the other.
        let (data, noise) = ([1.0, -2.0], [4.0, 8.0]);
        let linear = Path::new(Homotopy::Linear, &data, &noise, &[0.75]).unwrap();
        assert_eq!(linear.images(), [1.75, 0.5]);
        assert_eq!(linear.velocity(), [-3.0, -10.0]);
        // ε·x̄ = −12, ‖ε‖² − d = 78: γ = −(−12 − 78)/σ.
        assert_eq!(linear.innovation(), [360.0]);
        let bayes = Path::new(Homotopy::Bayes, &data, &noise, &[0.75]).unwrap();
        assert_eq!(bayes.images(), [2.75, 2.5]);
        assert_eq!(bayes.velocity(), [-3.0, -10.0]);
        assert_eq!(bayes.innovation(), [180.0]);
        assert_eq!((bayes.dimension(), bayes.times()), (2, &[0.75f32][..]));
    }

    /// log ρ(x | x̄, t) up to a constant.
    fn log_density(homotopy: Homotopy, image: &[f32], data: &[f32], time: f64) -> f64 {
        let variance = match homotopy {
            Homotopy::Linear => (1.0 - time).powi(2),
            Homotopy::Bayes => 1.0 - time,
        };
        let distance: f64 =
            image.iter().zip(data).map(|(&x, &data)| (f64::from(x) - time * f64::from(data)).powi(2)).sum();
        -0.5 * (distance / variance + image.len() as f64 * libm::log(variance))
    }

    #[test]
    fn the_innovation_is_the_rate_of_the_log_density_at_fixed_x() {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(1);
        let mut draw = || -> Vec<f32> { (0..5).map(|_| 4.0 * uniform(&mut generator) - 2.0).collect() };
        for homotopy in BOTH {
            for time in [0.0f32, 0.25, 0.5, 0.9375] {
                let (data, noise) = (draw(), draw());
                let path = Path::new(homotopy, &data, &noise, &[time]).unwrap();
                let at = |time| log_density(homotopy, path.images(), &data, time);
                let (time, width) = (f64::from(time), 1e-6);
                let rate = (at(time + width) - at(time - width)) / (2.0 * width);
                let found = path.innovation()[0];
                // x is rounded to f32: ε = (x − μx̄)/σ, and so γ, is off by about 2⁻²³/σ of itself.
                assert!((found + rate).abs() < 1e-5 * (1.0 + rate.abs()), "{homotopy:?} at {time}: {found} and {rate}");
            }
        }
    }

    #[test]
    fn the_latest_time_is_finite() {
        for homotopy in BOTH {
            let path = Path::new(homotopy, &[1.0], &[3.0], &[LATEST]).unwrap();
            assert!(path.velocity()[0].is_finite() && path.innovation()[0].is_finite());
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let new = |data: &[f32], noise: &[f32], times: &[f32]| Path::new(Homotopy::Linear, data, noise, times);
        let extent = |what, expected, found| Err(PathError::Extent(ExtentError { what, expected, found }));
        assert_eq!(new(&[0.0; 5], &[0.0; 5], &[0.5; 2]), extent("data", 6, 5));
        assert_eq!(new(&[0.0; 6], &[0.0; 5], &[0.5; 2]), extent("noise", 6, 5));
        assert_eq!(new(&[], &[], &[0.5]), Err(PathError::Empty { samples: 1, values: 0 }));
        assert_eq!(new(&[1.0], &[1.0], &[]), Err(PathError::Empty { samples: 0, values: 1 }));
        for found in [-0.5, 1.0] {
            assert_eq!(new(&[0.0; 2], &[0.0; 2], &[0.0, found]), Err(PathError::Time { sample: 1, found }));
        }
        assert!(matches!(new(&[0.0], &[0.0], &[f32::NAN]), Err(PathError::Time { sample: 0, .. })));
    }
}
