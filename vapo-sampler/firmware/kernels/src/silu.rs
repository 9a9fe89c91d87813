//! SiLU of every value at every exponent, against what it is of one value.

use vapo_sampler::silu;

/// Values computed at once.
const VALUES: usize = 256;

/// Values that differ, of all.
pub(crate) fn differ() -> usize {
    let mut differ = 0;
    for exponent in silu::EXPONENTS {
        for first in (i32::from(i16::MIN)..i32::from(i16::MAX)).step_by(VALUES) {
            let mut values = [0; VALUES];
            values.iter_mut().zip(first..).for_each(|(to, value)| *to = value as i16);
            let mut kept = [0; VALUES];
            silu::forward(exponent, &mut values, &mut kept);
            let results = values.into_iter().zip(kept).zip(first..);
            differ += results.filter(|&(result, value)| result != silu::value(exponent, value as i16)).count();
        }
    }
    differ
}
