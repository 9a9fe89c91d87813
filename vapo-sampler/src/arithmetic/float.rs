//! f32 activations.

use super::Arithmetic;
use crate::layer::silu::float::modulated;
use crate::layer::{At, readout};
use crate::potential::observer::{Activation, Observer};
use vapo_format::layer::Silu;
use vapo_format::{Exponents, matrix};

/// f32, as the caller's own numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Float;

impl Arithmetic for Float {
    type Value = f32;

    const KIND: matrix::Arithmetic = matrix::Arithmetic::Float;
    const SIGNAL_IN_PLACE: bool = true;

    fn take_signal(_: &[f32], _: Exponents, _: &mut [f32]) {}

    fn signal(x: &[f32]) -> &[f32] {
        x
    }

    fn observe(observer: &mut impl Observer, node: u16, activation: Activation, values: &[f32]) {
        observer.float(node, activation, values);
    }

    fn observe_modulated(observer: &mut impl Observer, node: u16, _: Silu, at: &At<'_>, film: &[f32], x: &[f32]) {
        let channels = usize::from(at.output.channels).max(1);
        let Some((scale, shift)) = film.split_at_checked(channels).filter(|_| !film.is_empty()) else {
            return observer.float(node, Activation::Value, x);
        };
        for pixel in x.chunks_exact(channels) {
            for ((x, scale), shift) in pixel.iter().zip(scale).zip(shift) {
                observer.float(node, Activation::Value, &[modulated(*x, scale, shift)]);
            }
        }
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

    fn read_out(_: &At<'_>, o: &[f32], q: &[f32], x: &[f32]) -> f32 {
        readout::float::potential(o, q, x)
    }

    fn quadratic(_: &At<'_>, q: &[f32]) -> f32 {
        q.first().copied().unwrap_or_default()
    }
}
