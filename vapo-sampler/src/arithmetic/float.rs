//! f32 activations.

use super::Arithmetic;
use crate::observer::{Activation, Observer};
use vapo_format::{Exponents, encoding};

/// f32, as the caller's own numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Float;

impl Arithmetic for Float {
    type Value = f32;

    const KIND: encoding::Arithmetic = encoding::Arithmetic::Float;
    const SIGNAL_IN_PLACE: bool = true;

    fn take_signal(_: &[f32], _: Exponents, _: &mut [f32]) {}

    fn signal(x: &[f32]) -> &[f32] {
        x
    }

    fn observe(observer: &mut impl Observer, node: u16, activation: Activation, values: &[f32]) {
        observer.float(node, activation, values);
    }

    fn number(x: f32, _: i8) -> f32 {
        x
    }

    fn moved(x: f32, _: i8, _: i8) -> f32 {
        x
    }

    fn sum(a: f32, b: f32) -> f32 {
        a + b
    }

    fn add_to_drift(drift: &mut [f32], made: &[f32], _: Exponents) {
        Self::add(drift, made);
    }
}
