//! Features of time: sines of time times each frequency, then cosines.

use super::{At, Compute, Room, Values};
use crate::arithmetic::Arithmetic;
use crate::circle::sine_and_cosine;
use vapo_format::layer::Time;

impl<A: Arithmetic> Compute<A> for Time {
    fn forward(&self, at: &At<'_>, _: Values<'_, A::Value>, y: &mut [A::Value], _: Room<'_>) {
        let frequencies = self.frequencies();
        let Some((sines, cosines)) = y.split_at_mut_checked(frequencies.len()) else { return };
        for ((sine, cosine), frequency) in sines.iter_mut().zip(cosines).zip(frequencies) {
            let (of_sine, of_cosine) = sine_and_cosine(at.time * frequency);
            (*sine, *cosine) = (A::number(of_sine, at.exponents.value), A::number(of_cosine, at.exponents.value));
        }
    }
}
