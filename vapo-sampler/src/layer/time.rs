//! Features of time: sines of time times each frequency, then cosines.

use super::{At, Compute, Values};
use vapo_format::layer::Time;

impl Compute for Time {
    fn forward(&self, at: At<'_>, _: Values<'_>, y: &mut [f32]) {
        let frequencies = self.frequencies();
        let sines = frequencies.iter().map(|frequency| libm::sinf(at.time * frequency));
        let cosines = frequencies.iter().map(|frequency| libm::cosf(at.time * frequency));
        y.iter_mut().zip(sines.chain(cosines)).for_each(|(feature, value)| *feature = value);
    }
}
