//! The condition of a sample: its class, and the guidance towards it.

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
