//! The weighted sum of two potentials: for samples that both find likely, or that one finds likely and the other does not.
//!
//! Drifts and energies add with the weights. Weights that sum to 1 leave the prior a standard Gaussian, where every
//! sampler starts; the flow of the sum then leads towards the product of the two densities, each to the power of its
//! weight, though not exactly to it.
//!
//! Source: Du et al., *Reduce, reuse, recycle: compositional generation with energy-based diffusion models and MCMC*, 2023.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Homotopy, Model};
//! use vapo_sampler::{Composition, PlanFor, arena};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let (architecture, arithmetic) = (model.architecture(), model.arithmetic());
//! let mut memory = vec![0.0; arena::composition_elements([&architecture; 2], [arithmetic; 2])];
//! let mut sum = Composition::new([&model, &model], [&plan, &plan], [1.5, -0.5], &mut memory)?;
//! assert_eq!(sum.homotopy(), Homotopy::Linear);
//!
//! // A solver follows its drift as it follows one potential's: see `solver::Solver::integrate`.
//! let (x, mut drift) = ([0.1; 64], [0.0; 64]);
//! let potential = sum.drift(&x, 0.5, &mut drift)?;
//! let energy = sum.energy(&x, 0.5)?;
//! assert!(potential.is_finite() && energy.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::arena;
use crate::error::Error;
use crate::plan::Plan;
use crate::potential::Potential;
use crate::solver::{Drift, part_at};
use core::ops::Range;
use vapo_format::{Homotopy, Model};

/// Two potentials of images of one extent and of one homotopy, with their weights.
#[derive(Debug)]
pub struct Composition<'a> {
    potentials: [Potential<'a>; 2],
    weights: [f32; 2],
    second: &'a mut [f32],
}

impl<'a> Composition<'a> {
    /// The sum of the models' potentials, each times its weight. It works in `memory`, of which it takes the first
    /// [`arena::composition_elements`].
    ///
    /// # Errors
    /// [`Error::Unlike`] for signals of different extents or different homotopies, [`Error::Weight`],
    /// [`Error::Arena`], [`Error::Plan`].
    pub fn new(
        models: [&'a Model<'a>; 2],
        plans: [&'a Plan; 2],
        weights: [f32; 2],
        memory: &'a mut [f32],
    ) -> Result<Self, Error> {
        let [first, second] = models;
        let signals = models.map(Model::signal);
        let homotopies = models.map(Model::homotopy);
        if signals[0] != signals[1] || homotopies[0] != homotopies[1] {
            return Err(Error::Unlike { signals, homotopies });
        }
        if let Some(&found) = weights.iter().find(|weight| !weight.is_finite()) {
            return Err(Error::Weight { found });
        }
        let [of_a, of_b] = plans.map(Plan::elements);
        let lengths = [of_a, of_b, signals[0].elements()];
        let refused = Error::Arena { needed: lengths.iter().sum(), given: memory.len() };
        let [of_first, of_second, drift] = arena::split(memory, lengths).ok_or(refused)?;
        let [a, b] = plans;
        let potentials = [Potential::new(first, a, of_first)?, Potential::new(second, b, of_second)?];
        Ok(Composition { potentials, weights, second: drift })
    }

    /// The path that both potentials were trained on.
    pub fn homotopy(&self) -> Homotopy {
        let [first, _] = &self.potentials;
        first.homotopy()
    }

    /// The sum of the energies, each times its weight. None where [`Potential::energy`] is.
    ///
    /// # Errors
    /// [`Error::Length`] where x is no image of the models.
    pub fn energy(&mut self, x: &[f32], time: f32) -> Result<Option<f32>, Error> {
        let ([first, second], [a, b]) = (&mut self.potentials, self.weights);
        let (first, second) = (first.energy(x, time)?, second.energy(x, time)?);
        Ok(first.zip(second).map(|(first, second)| a * first + b * second))
    }

    /// Sets `drift` to the sum of the drifts, each times its weight, and returns that of the potentials.
    ///
    /// # Errors
    /// [`Error::Length`] where x or `drift` is no image of the models.
    pub fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        let ([first, second], [a, b]) = (&mut self.potentials, self.weights);
        let (of_first, of_second) = (first.drift(x, time, drift)?, second.drift(x, time, self.second)?);
        self.add(drift);
        Ok(a * of_first + b * of_second)
    }

    /// Turns the first drift into the sum of both.
    fn add(&self, drift: &mut [f32]) {
        let [a, b] = self.weights;
        drift.iter_mut().zip(&*self.second).for_each(|(drift, second)| *drift = a * *drift + b * second);
    }
}

/// The parts of the one and then of the other.
impl Drift for Composition<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        Composition::drift(self, x, time, drift).map(|_| ())
    }

    fn parts(&self) -> u32 {
        self.potentials.iter().map(Potential::parts).sum()
    }

    fn compute(&mut self, parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        let all = self.parts();
        let [first, second] = &mut self.potentials;
        let [of_first, of_second] = part_at(parts.clone(), first.parts());
        first.compute(of_first, x, time, drift)?;
        second.compute(of_second, x, time, self.second)?;
        if parts.end == all {
            self.add(drift);
        }
        Ok(())
    }
}
