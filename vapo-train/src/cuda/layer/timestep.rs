//! Features of time as diffusion models have them: the host gives them.

use super::Emit;
use crate::cuda::emitter::{Emitter, Pass};
use vapo_format::layer::Timestep;

impl Emit for Timestep {
    fn forward(&self, _: usize, _: Pass, _: &mut Emitter<'_>) {}

    fn reverse(&self, _: usize, _: Pass, _: &mut Emitter<'_>) {}
}
