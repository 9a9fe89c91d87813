//! Whether an image is like those that a potential was trained on, by its energy.
//!
//! An image is scored at x = mean(t)·image, the point of its path at time t without noise. The trainer's example
//! `anomaly_times` compares this with other points and times; `score-and-restore.md` in its documentation has the figures.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Model, Threshold, threshold, writer::replace_threshold};
//! use vapo_sampler::anomaly::{TIME, Verdict};
//! use vapo_sampler::{PlanFor, Sampler, Solver};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! // `vapo-train score --write-threshold` writes a copy of a model with its threshold. So does this.
//! let model = Model::parse(&bytes)?;
//! let limit = Threshold { energy: 50.0, time: TIME, false_positive_rate: 0.05 };
//! let mut judge = vec![0; bytes.len() + threshold::BYTES];
//! replace_threshold(&model, Some(limit), &mut judge)?;
//!
//! let model = Model::parse(&judge)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let mut arena = vec![0.0; plan.elements_with(Solver::Euler)];
//! let mut sampler = Sampler::new(&model, &plan, Solver::Euler, &mut arena)?;
//! let image = [0.5; 8 * 8];
//! let Some(Verdict { energy, anomalous }) = sampler.verdict(&image)? else { unreachable!("it has a threshold") };
//! assert_eq!(sampler.image_energy(&image, TIME)?, Some(energy));
//! assert_eq!(anomalous, energy > limit.energy);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::Error;
use crate::homotopy::coefficients;
use crate::sampler::Sampler;

/// Time at which images are scored by default: the best time in the trainer's example `anomaly_times` for anomalies that are
/// hard to tell.
pub const TIME: f32 = 0.5;

/// Time at which windows of a series are scored by default. The trainer's `series-compared.md` compares other times.
pub const SERIES_TIME: f32 = 0.9;

/// The verdict of a threshold on an image, or on a window of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Verdict {
    /// The energy at the threshold's time.
    pub energy: f32,
    /// Whether it is above the threshold, or not a number.
    pub anomalous: bool,
}

impl Sampler<'_> {
    /// The energy of mean(time)·image at `time`: [`crate::Potential::energy`] on the homotopy's mean path. It needs no memory
    /// beyond the sampler's own, with any solver.
    ///
    /// # Errors
    /// [`Error::Length`] where `image` is no image of the model.
    pub fn image_energy(&mut self, image: &[f32], time: f32) -> Result<Option<f32>, Error> {
        let (potential, buffers) = self.parts();
        potential.check(image)?;
        let refused = Error::Arena { needed: image.len(), given: buffers.len() };
        let x = buffers.get_mut(..image.len()).ok_or(refused)?;
        let mean = coefficients(potential.homotopy(), time).mean;
        x.iter_mut().zip(image).for_each(|(x, image)| *x = mean * image);
        potential.energy(x, time)
    }

    /// The verdict of the model's threshold on `image`, or none if the model has no threshold.
    ///
    /// # Errors
    /// [`Error::Length`] where `image` is no image of the model.
    pub fn verdict(&mut self, image: &[f32]) -> Result<Option<Verdict>, Error> {
        let Some(threshold) = self.potential().threshold() else { return Ok(None) };
        let energy = self.image_energy(image, threshold.time)?.unwrap_or(f32::NAN);
        // What is not a number is not below anything.
        let ordinary = energy <= threshold.energy;
        Ok(Some(Verdict { energy, anomalous: !ordinary }))
    }
}
