//! From an image and the signal to the potential.

use super::streams::{join, recorded, split, times};
use crate::ops::{Images, Pass, Table};
use dfdx::prelude::*;

/// ½ Σ (x − f)², and Σ (x − f)·(ẋ − ḟ).
pub(super) fn distance<E: Dtype, D: Device<E>>(
    of: &Images<E, D>,
    signal: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let samples = of.shape().0;
    let size = of.shape().num_elements() / samples;
    let difference = recorded(signal, tape, |x| (x - of.clone()).reshape_like(&(samples, size)));
    let (d, d_tangent) = split(&difference, pass, tape);
    let sum = |table: &Table<E, D>, factor: f64, tape: &mut OwnedTape<E, D>| -> Table<E, D> {
        let rows = table.shape().0;
        let factor = E::from_f64(factor).unwrap_or_default();
        let sums: Tensor<(usize,), E, D> = recorded(table, tape, |table| table.sum::<_, Axis<1>>());
        recorded(&sums, tape, |sums| (sums * factor).reshape_like(&(rows, 1usize)))
    };
    let squares = recorded(&d, tape, |d| d.square());
    let value = sum(&squares, 0.5, tape);
    let tangent = d_tangent.map(|d_tangent| {
        let products = times(&d, &d_tangent, tape);
        sum(&products, 1.0, tape)
    });
    let output = join(value, tangent, tape);
    recorded(&output, tape, |output| output.reshape_like(&(samples, 1, 1, 1)))
}
