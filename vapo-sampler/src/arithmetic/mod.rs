//! What a potential is computed in: numbers of one kind, and how they become the caller's, which are f32.
//!
//! | module | concept |
//! |---|---|
//! | [`float`] | f32 |
//! | [`integer`] | i16 that stand for q / 2^exponent |

#[cfg(feature = "float")]
pub(crate) mod float;
#[cfg(feature = "integer")]
pub(crate) mod integer;

use crate::observer::{Activation, Observer};
use bytemuck::Pod;
use vapo_format::{Exponents, encoding};

/// Numbers of one kind.
pub(crate) trait Arithmetic: Sized {
    /// An element of an activation.
    type Value: Pod;

    /// Its name in model files.
    const KIND: encoding::Arithmetic;

    /// Whether the signal is read where the caller has it.
    const SIGNAL_IN_PLACE: bool;

    /// Sets `y` to the caller's signal. Where there is no room for it, it is read where the caller has it.
    fn take_signal(x: &[f32], exponents: Exponents, y: &mut [Self::Value]);

    /// The caller's signal where it is read in its place; nothing otherwise.
    fn signal(x: &[f32]) -> &[Self::Value];

    /// Tells of an activation.
    fn observe(observer: &mut impl Observer, node: u16, activation: Activation, values: &[Self::Value]);

    /// The element that stands for a number.
    fn number(x: f32, exponent: i8) -> Self::Value;

    /// The element of one exponent that stands for the same as one of another.
    fn moved(x: Self::Value, from: i8, to: i8) -> Self::Value;

    /// The sum of two elements of one exponent.
    fn sum(a: Self::Value, b: Self::Value) -> Self::Value;

    /// Copies what both slices have room for, from one exponent to another.
    fn set(to: &mut [Self::Value], from: &[Self::Value], of_from: i8, of_to: i8) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = Self::moved(*from, of_from, of_to));
    }

    /// Adds a contribution to a cotangent of the same exponents.
    fn add(to: &mut [Self::Value], made: &[Self::Value]) {
        to.iter_mut().zip(made).for_each(|(to, made)| *to = Self::sum(*to, *made));
    }

    /// Adds a contribution to the drift.
    fn add_to_drift(drift: &mut [f32], made: &[Self::Value], exponents: Exponents);
}
