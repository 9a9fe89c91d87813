//! SiLU and FiLM.

use super::streams::{join, plus, recorded, rows, split, times};
use crate::ops::{Images, Pass, Table};
use dfdx::prelude::*;

pub(super) fn silu<E: Dtype, D: Device<E>>(
    input: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let shape = *input.shape();
    let channels = shape.3;
    let table = recorded(input, tape, |input| input.reshape_like(&(shape.0 * shape.1 * shape.2, channels)));
    let output = silu_table(&table, pass, tape);
    recorded(&output, tape, |output| output.reshape_like(&shape))
}

/// (h, ḣ) → (h·s, ḣ·(s + h·s·(1 − s))) with s = sigmoid(h).
fn silu_table<E: Dtype, D: Device<E>>(table: &Table<E, D>, pass: Pass, tape: &mut OwnedTape<E, D>) -> Table<E, D> {
    let one = E::from_f64(1.0).unwrap_or_default();
    let (h, h_tangent) = split(table, pass, tape);
    let s = recorded(&h, tape, |h| h.sigmoid());
    let value = times(&h, &s, tape);
    let tangent = h_tangent.map(|h_tangent| {
        let complement = recorded(&s, tape, |s| s.negate() + one);
        let bend = times(&value, &complement, tape);
        let slope = plus(&bend, &s, tape);
        times(&h_tangent, &slope, tape)
    });
    join(value, tangent, tape)
}

pub(super) fn film_silu<E: Dtype, D: Device<E>>(
    input: &Images<E, D>,
    film: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let shape @ (images, height, width, channels) = *input.shape();
    let pixels = height * width;
    let table = recorded(input, tape, |input| input.reshape_like(&(images * pixels, channels)));
    // Rows alternate between a sample's scales and its shifts; each is repeated for every pixel.
    let film = recorded(film, tape, |film| film.reshape_like(&(2 * images, channels)));
    let scale = rows(&film, (0..images * pixels).map(|i| 2 * (i / pixels)).collect(), tape);
    let shift = rows(&film, (0..images * pixels).map(|i| 2 * (i / pixels) + 1).collect(), tape);
    let (x, x_tangent) = split(&table, pass, tape);
    let (scale, scale_tangent) = split(&scale, pass, tape);
    let (shift, shift_tangent) = split(&shift, pass, tape);

    let affine = |x: &Table<E, D>, tape: &mut OwnedTape<E, D>| {
        let scaled = times(x, &scale, tape);
        plus(&scaled, x, tape)
    };
    let m = affine(&x, tape);
    let m = plus(&m, &shift, tape);
    let m_tangent =
        x_tangent.zip(scale_tangent).zip(shift_tangent).map(|((x_tangent, scale_tangent), shift_tangent)| {
            let along_x = affine(&x_tangent, tape);
            let along_scale = times(&x, &scale_tangent, tape);
            let both = plus(&along_x, &along_scale, tape);
            plus(&both, &shift_tangent, tape)
        });
    let m = join(m, m_tangent, tape);
    let output = silu_table(&m, pass, tape);
    recorded(&output, tape, |output| output.reshape_like(&shape))
}
