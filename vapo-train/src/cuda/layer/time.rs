//! Features of time: the host gives them.

use super::Emit;
use crate::cuda::emitter::{Emitter, Pass};
use vapo_format::layer::Time;

impl Emit for Time {
    fn forward(&self, _: usize, _: Pass, _: &mut Emitter<'_>) {}

    fn reverse(&self, _: usize, _: Pass, _: &mut Emitter<'_>) {}
}
