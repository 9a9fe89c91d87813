//! i16 activations. An integer q stands for q / 2^exponent; every node has exponents of its own.
//!
//! All is defined in integers, so every processor gives the same bits in whatever order it sums.

use super::Arithmetic;
use crate::kernel::rounding::{saturate, shift_right};
use crate::observer::{Activation, Observer};
use vapo_format::{Exponents, encoding};

/// i16 of a node's exponents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Integer;

impl Arithmetic for Integer {
    type Value = i16;

    const KIND: encoding::Arithmetic = encoding::Arithmetic::Integer;
    const SIGNAL_IN_PLACE: bool = false;

    fn take_signal(x: &[f32], exponents: Exponents, y: &mut [i16]) {
        let scale = power(exponents.value);
        y.iter_mut().zip(x).for_each(|(y, x)| *y = nearest(x * scale));
    }

    fn signal(_: &[f32]) -> &[i16] {
        &[]
    }

    fn observe(observer: &mut impl Observer, node: u16, activation: Activation, values: &[i16]) {
        observer.integer(node, activation, values);
    }

    fn number(x: f32, exponent: i8) -> i16 {
        nearest(x * power(exponent))
    }

    fn moved(x: i16, from: i8, to: i8) -> i16 {
        moved(x, from, to)
    }

    fn sum(a: i16, b: i16) -> i16 {
        a.saturating_add(b)
    }

    fn add_to_drift(drift: &mut [f32], made: &[i16], exponents: Exponents) {
        let scale = power(-exponents.cotangent);
        drift.iter_mut().zip(made).for_each(|(drift, made)| *drift += f32::from(*made) * scale);
    }
}

/// 2^exponent, exact: exponents on file are below [`vapo_format::fixed_point::MAX_EXPONENT`] in magnitude.
pub(crate) fn power(exponent: i8) -> f32 {
    f32::from_bits(((i32::from(exponent) + 127) as u32) << 23)
}

/// The integer nearest to x, and the larger of two that are as near; the closest of i16 where that is none of them.
pub(crate) fn nearest(x: f32) -> i16 {
    // A conversion saturates, and takes what is not a number as 0.
    libm::floorf(x + 0.5) as i16
}

/// From one exponent to another: a shift, rounded to the right, saturated to the left.
pub(crate) fn moved(q: i16, from: i8, to: i8) -> i16 {
    let shift = i32::from(from) - i32::from(to);
    if shift >= 0 {
        saturate(shift_right(q.into(), shift.min(31) as u8))
    } else {
        // An integer but 0 leaves i16 at 16.
        saturate(i32::from(q) << (-shift).min(15))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_up() {
        let rounded = [(5, 1), (-5, 1), (-6, 2), (6, 2), (7, 0), (i32::MAX, 31), (i32::MIN, 31)]
            .map(|(q, shift)| shift_right(q, shift));
        assert_eq!(rounded, [3, -2, -1, 2, 7, 1, -1]);
    }

    #[test]
    fn what_i16_has_not_becomes_the_closest_that_it_has() {
        assert_eq!([3.5, -3.5, 1e30, -1e30, f32::NAN].map(nearest), [4, -3, i16::MAX, i16::MIN, 0]);
        assert_eq!([moved(3, 2, 4), moved(-3, 4, 2), moved(20_000, 0, 1)], [12, -1, i16::MAX]);
        assert_eq!((moved(-1, 0, 40), moved(0, 0, 40), moved(-1, 40, 0)), (i16::MIN, 0, 0));
    }

    #[test]
    fn powers_are_exact() {
        assert_eq!([power(0), power(3), power(-2), power(40)], [1.0, 8.0, 0.25, libm::exp2f(40.0)]);
    }
}
