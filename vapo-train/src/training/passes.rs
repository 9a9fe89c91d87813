//! What a step asks of a device: both passes of the potential over the parts of a batch.

use crate::arithmetic::extent::ExtentError;
use crate::potential::{Evaluation, Samples, Seeds};
use std::ops::Range;
use vapo_format::Architecture;

/// What computes the passes over a batch.
pub trait Differentiate {
    /// The loss of a batch and the gradient of its parameters: the sums of what `of_part` returns for each of its parts.
    ///
    /// # Errors
    /// Those of `of_part`.
    fn differentiate(
        &self,
        model: Model<'_>,
        samples: Samples<'_, f32>,
        parts: Parts,
        of_part: &OfPart<'_>,
    ) -> Result<Part, ExtentError>;
}

/// A network and its parameters.
pub type Model<'a> = (&'a Architecture, &'a [f32]);

/// How a batch is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// As suits the device.
    Shards,
    /// Not at all.
    Whole,
}

/// A part's loss and gradient, from the passes over its samples and its place in the batch.
pub type OfPart<'a> = dyn Fn(&mut dyn Passes, Range<usize>) -> Result<Part, ExtentError> + Sync + 'a;

/// What samples add to the loss, and to the gradient, (P,).
pub type Part = (f64, Vec<f32>);

/// Both passes of the potential over the same samples: the second needs what the first left.
pub trait Passes {
    /// Φ, ∇ₓΦ and ∂Φ/∂t.
    fn evaluate(&mut self) -> Evaluation<f32>;

    /// The gradient of the parameters, from the derivatives of the loss by what [`Passes::evaluate`] returned.
    fn gradient(&mut self, seeds: Seeds<'_, f32>) -> Vec<f32>;
}
