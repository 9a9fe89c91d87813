//! Features of time in float arithmetic: cosines of time times each frequency, then sines.

use super::{At, Compute, Room, Values};
use crate::arithmetic::float::Float;
use crate::circle::sine_and_cosine;
use vapo_format::layer::Timestep;

impl Compute<Float> for Timestep {
    fn forward(&self, at: &At<'_>, _: Values<'_, f32>, y: &mut [f32], _: Room<'_>) {
        let Some((cosines, sines)) = y.split_at_mut_checked(usize::from(self.features) / 2) else { return };
        for ((cosine, sine), frequency) in cosines.iter_mut().zip(sines).zip(self.frequencies()) {
            (*sine, *cosine) = sine_and_cosine(at.time * frequency as f32);
        }
    }
}
