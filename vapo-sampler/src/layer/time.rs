//! Features of time: sines of time times each frequency, then cosines.

use super::{At, Compute, Values};
use vapo_format::layer::Time;

impl Compute for Time {
    fn forward(&self, at: At<'_>, _: Values<'_>, y: &mut [f32]) {
        let frequencies = self.frequencies();
        let Some((sines, cosines)) = y.split_at_mut_checked(frequencies.len()) else { return };
        for ((sine, cosine), frequency) in sines.iter_mut().zip(cosines).zip(frequencies) {
            (*sine, *cosine) = libm::sincosf(at.time * frequency);
        }
    }
}
