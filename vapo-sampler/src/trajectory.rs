//! The path from noise to a sample, step by step: for pages and tools that show it.
//!
//! # Example
//!
//! ```
//! use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
//! use vapo_format::Model;
//! use vapo_sampler::trajectory::Moment;
//! use vapo_sampler::{Noise, PlanFor, Sampler, Schedule, Solver};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let mut arena = vec![0.0; plan.elements_with(Solver::Etd2)];
//! let mut sampler = Sampler::new(&model, &plan, Solver::Etd2, &mut arena)?;
//! let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
//! let mut x = [0.0; 64];
//! noise.fill(&mut x);
//! let tell = |moment: Moment<'_>| {
//!     let mean = moment.predicted().sum::<f32>() / 64.0;
//!     println!("at time {}, the predicted image has a mean of {mean}", moment.step.start);
//! };
//! sampler.trajectory(Schedule::usual(4)?, 0.0, &mut noise, |_| None, &mut x, tell)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::Error;
use crate::homotopy::coefficients;
use crate::schedule::Step;
use crate::solver::Drift;
use core::ops::Range;
use vapo_format::Homotopy;

/// The state of a sample before a step. All slices are as long as a sample.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'m> {
    /// The step that is taken from here.
    pub step: Step,
    /// The sample at this time: at time 0 it is noise.
    pub x: &'m [f32],
    /// The drift ∇Φ(x, t).
    pub drift: &'m [f32],
    /// The path from noise to data.
    pub homotopy: Homotopy,
}

impl Moment<'_> {
    /// The image that the potential predicts from here, E\[x̄|x\].
    pub fn predicted(&self) -> impl Iterator<Item = f32> {
        let [of_drift, of_place] = coefficients(self.homotopy, self.step.start).data();
        self.x.iter().zip(self.drift).map(move |(x, drift)| of_drift * drift + of_place * x)
    }
}

/// A drift whose steps are told to `tell`.
pub(crate) struct Told<D, T> {
    pub(crate) drift: D,
    pub(crate) homotopy: Homotopy,
    pub(crate) tell: T,
}

impl<D: Drift, T: FnMut(Moment<'_>)> Drift for Told<D, T> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.drift.drift(x, time, drift)
    }

    fn parts(&self) -> u32 {
        self.drift.parts()
    }

    fn compute(&mut self, parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.drift.compute(parts, x, time, drift)
    }

    fn is_held(&self, index: usize) -> bool {
        self.drift.is_held(index)
    }

    /// A solver that is not interrupted calls this once a step with all of x, between the drift at its start and the step itself.
    fn carry(&mut self, first: usize, x: &mut [f32], drift: &[f32], step: Step) {
        (self.tell)(Moment { step, x, drift, homotopy: self.homotopy });
        self.drift.carry(first, x, drift, step);
    }
}
