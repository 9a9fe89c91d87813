//! The signal: the host gives it.

use super::Emit;
use crate::cuda::emitter::{Emitter, Pass};
use vapo_format::layer::Signal;

impl Emit for Signal {
    fn forward(&self, _: usize, _: Pass, _: &mut Emitter<'_>) {}

    fn reverse(&self, _: usize, _: Pass, _: &mut Emitter<'_>) {}
}
