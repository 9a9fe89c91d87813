//! The class: the host gives it.

use super::Emit;
use crate::cuda::emitter::{Emitter, Pass};
use vapo_format::layer::Class;

impl Emit for Class {
    fn forward(&self, _: usize, _: Pass, _: &mut Emitter<'_>) {}

    fn reverse(&self, _: usize, _: Pass, _: &mut Emitter<'_>) {}
}
