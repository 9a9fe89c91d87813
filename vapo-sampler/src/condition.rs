//! The condition of a sample: its class, and the guidance towards it.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::{Condition, PlanFor, Sampler, Solver};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let mut arena = vec![0.0; plan.elements_guided(Solver::Etd2)]; // a sample more than without guidance
//! let mut sampler = Sampler::new(&model, &plan, Solver::Etd2, &mut arena)?;
//!
//! let ones = Condition::of(Some(1));
//! let typical_ones = Condition { guidance: 1.5, ..ones };
//! assert!(!ones.is_guided() && typical_ones.is_guided());
//! assert!(Condition::of(Some(2)).check(model.classes()).is_err()); // it has the classes 0 and 1
//! sampler.set_condition(typical_ones)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::Error;

/// The class of the samples to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Condition {
    /// Its index, or none for samples of any class.
    pub class: Option<u16>,
    /// Guidance w: 0 for samples of the class as in the data.
    pub guidance: f32,
}

impl Condition {
    /// Samples of a class without guidance, or of any class.
    pub const fn of(class: Option<u16>) -> Self {
        Condition { class, guidance: 0.0 }
    }

    /// Whether two drifts are evaluated a step.
    pub fn is_guided(&self) -> bool {
        self.class.is_some() && self.guidance != 0.0
    }

    /// Evaluations of the potential's drift that one drift of the condition takes: 1 or 2.
    pub(crate) fn evaluations(&self) -> u32 {
        if self.is_guided() { 2 } else { 1 }
    }

    /// Checks the condition for a model of so many classes.
    ///
    /// # Errors
    /// [`Error::Class`], [`Error::Guidance`].
    pub fn check(&self, classes: u16) -> Result<(), Error> {
        if let Some(found) = self.class.filter(|class| *class >= classes) {
            return Err(Error::Class { classes, found });
        }
        let found = self.guidance;
        let of_nothing = self.class.is_none() && found != 0.0;
        if found.is_finite() && !of_nothing { Ok(()) } else { Err(Error::Guidance { found }) }
    }
}
