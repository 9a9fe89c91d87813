//! The signal: the caller's, so there is nothing to compute.

use super::{At, Compute, Room, Values};
use crate::arithmetic::Arithmetic;
use vapo_format::layer::Signal;

impl<A: Arithmetic> Compute<A> for Signal {
    fn forward(&self, _: &At<'_>, _: Values<'_, A::Value>, _: &mut [A::Value], _: Room<'_>) {}
}
