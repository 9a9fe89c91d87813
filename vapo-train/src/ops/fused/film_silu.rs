//! FiLM and SiLU in one pass, and their dual.

use super::{Cotangents, Recorded, Recording, silu_derivatives};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;
use pulp::Arch;
use std::ops::Range;

// What the first pass leaves forward: x; silu'(m) and silu''(m) at m = x·(1 + scale) + shift; 1 + scale, then shift, of
// every sample.
const INPUT: usize = 0;
const FIRST: usize = 1;
const SECOND: usize = 2;
const FILM: usize = 3;
// And in reverse: the cotangent of m, and how it changes with m.
const OF_M: usize = 0;
const CHANGE: usize = 1;

/// x → silu(m), or ẋ → silu'(m)·ṁ, with m = x·(1 + scale) + shift.
pub(super) fn film_silu<E: Real>(
    input: &Images<E, Cpu>,
    film: &Images<E, Cpu>,
    recording: &mut Recording<E>,
) -> Images<E, Cpu> {
    match recording.pass {
        Pass::Value | Pass::Weights => value(input, film, recording),
        Pass::Dual => dual(input, film, recording),
    }
}

fn value<E: Real>(input: &Images<E, Cpu>, film: &Images<E, Cpu>, recording: &mut Recording<E>) -> Images<E, Cpu> {
    let samples = Samples { values: input.shape().num_elements() / input.shape().0, channels: input.shape().3 };
    let (x, mut film_values) = (values(input), values(film));
    for film in film_values.chunks_exact_mut(2 * samples.channels) {
        film[..samples.channels].iter_mut().for_each(|scale| *scale += E::from_float(1.0));
    }
    let zeros = || vec![E::default(); x.len()];
    let (mut output, mut first, mut second) = (zeros(), zeros(), zeros());
    Arch::new().dispatch(|| {
        for (range, of_film) in samples.ranges(x.len()) {
            let to = [&mut output[range.clone()], &mut first[range.clone()], &mut second[range.clone()]];
            modulate(&x[range], film_values[of_film].split_at(samples.channels), to);
        }
    });
    let output = input.device().tensor_from_vec(output, *input.shape());
    let (of_input, of_film, of_output) = (input.ghost(), film.ghost(), output.ghost());
    let kept = recording.memory.keep(vec![x, first, second, film_values]);
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let mut g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let mut to = std::mem::take(&mut **grads.get_or_alloc_mut(&of_input)?);
        let to_film = grads.get_or_alloc_mut(&of_film)?;
        let mut change = vec![E::default(); g.len()];
        let [x, first, second, film] = [INPUT, FIRST, SECOND, FILM].map(|place| kept.values[place].as_slice());
        Arch::new().dispatch(|| {
            of_m(&mut g, first, second, &mut change);
            for (range, of_film) in samples.ranges(x.len()) {
                let scale = &film[of_film.clone()][..samples.channels];
                of_affine(&g[range.clone()], &x[range.clone()], scale, &mut to[range], &mut to_film[of_film]);
            }
        });
        **grads.get_or_alloc_mut(&of_input)? = to;
        kept.set_cotangents(vec![g, change]);
        Ok(())
    });
    output
}

fn dual<E: Real>(input: &Images<E, Cpu>, film: &Images<E, Cpu>, recording: &mut Recording<E>) -> Images<E, Cpu> {
    let samples = Samples { values: input.shape().num_elements() / input.shape().0, channels: input.shape().3 };
    let (tangent, film_tangent) = (values(input), values(film));
    let kept = recording.memory.recall();
    let zeros = || vec![E::default(); tangent.len()];
    let (mut output, mut bend) = (zeros(), zeros());
    let [x, first, film_values] = [INPUT, FIRST, FILM].map(|place| kept.values[place].as_slice());
    let change = &kept.cotangents()[CHANGE];
    Arch::new().dispatch(|| {
        for (range, of_film) in samples.ranges(tangent.len()) {
            let scale = &film_values[of_film.clone()][..samples.channels];
            let m_tangent = &mut output[range.clone()];
            affine_tangent(
                [&x[range.clone()], &tangent[range]],
                scale,
                film_tangent[of_film].split_at(samples.channels),
                m_tangent,
            );
        }
        bend_and_slope(&mut output, first, change, &mut bend);
    });
    let output = input.device().tensor_from_vec(output, *input.shape());
    let (of_input, of_film, of_output) = (input.ghost(), film.ghost(), output.ghost());
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let mut g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let mut to = std::mem::take(&mut **grads.get_or_alloc_mut(&of_input)?);
        let to_film = grads.get_or_alloc_mut(&of_film)?;
        let [x, first, film] = [INPUT, FIRST, FILM].map(|place| kept.values[place].as_slice());
        let of_m_tangent = &kept.cotangents()[OF_M];
        Arch::new().dispatch(|| {
            for ((g, first), bend) in g.iter_mut().zip(first).zip(&bend) {
                *g = *g * *first + *bend;
            }
            for (range, of_film) in samples.ranges(x.len()) {
                let scale = &film[of_film.clone()][..samples.channels];
                let (to, to_film) = (&mut to[range.clone()], &mut to_film[of_film.clone()]);
                of_affine(&g[range.clone()], &x[range.clone()], scale, to, to_film);
                // ṁ = ẋ·(1 + scale) + x·scale˙ + shift˙ depends on x and scale too.
                let scale_tangent = &film_tangent[of_film][..samples.channels];
                let of_m_tangent = &of_m_tangent[range.clone()];
                of_scaled(of_m_tangent, &tangent[range], scale_tangent, to, &mut to_film[..samples.channels]);
            }
        });
        **grads.get_or_alloc_mut(&of_input)? = to;
        Ok(())
    });
    output
}

/// Extent of a sample.
#[derive(Clone, Copy)]
struct Samples {
    values: usize,
    channels: usize,
}

impl Samples {
    /// Where each sample's values lie among `all`, and where its scales and shifts.
    fn ranges(self, all: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let Samples { values, channels } = self;
        (0..all / values).map(move |i| (i * values..(i + 1) * values, i * 2 * channels..(i + 1) * 2 * channels))
    }
}

/// silu(m), silu'(m) and silu''(m).
#[inline(always)]
fn modulate<E: Real>(x: &[E], (scale, shift): (&[E], &[E]), [y, first, second]: [&mut [E]; 3]) {
    let c = scale.len();
    let to = y.chunks_exact_mut(c).zip(first.chunks_exact_mut(c)).zip(second.chunks_exact_mut(c));
    for (x, ((y, first), second)) in x.chunks_exact(c).zip(to) {
        for k in 0..c {
            (y[k], first[k], second[k]) = silu_derivatives(x[k] * scale[k] + shift[k]);
        }
    }
}

/// ṁ = ẋ·scale + x·scale˙ + shift˙.
#[inline(always)]
fn affine_tangent<E: Real>(
    [x, tangent]: [&[E]; 2],
    scale: &[E],
    (scale_tangent, shift_tangent): (&[E], &[E]),
    to: &mut [E],
) {
    let c = scale.len();
    for ((x, tangent), to) in x.chunks_exact(c).zip(tangent.chunks_exact(c)).zip(to.chunks_exact_mut(c)) {
        for k in 0..c {
            to[k] = tangent[k] * scale[k] + x[k] * scale_tangent[k] + shift_tangent[k];
        }
    }
}

/// From ḡ of the output to that of m, and how that changes with m.
#[inline(always)]
fn of_m<E: Real>(g: &mut [E], first: &[E], second: &[E], change: &mut [E]) {
    for (((g, first), second), change) in g.iter_mut().zip(first).zip(second).zip(change) {
        *change = *g * *second;
        *g *= *first;
    }
}

/// ṁ becomes silu'(m)·ṁ, and bend how m's cotangent of the first pass changes along it.
#[inline(always)]
fn bend_and_slope<E: Real>(tangent: &mut [E], first: &[E], change: &[E], bend: &mut [E]) {
    for (((tangent, first), change), bend) in tangent.iter_mut().zip(first).zip(change).zip(bend) {
        *bend = *change * *tangent;
        *tangent *= *first;
    }
}

/// From the cotangent of m = x·scale + shift to those of x, scale and shift.
#[inline(always)]
fn of_affine<E: Real>(g: &[E], x: &[E], scale: &[E], to: &mut [E], to_film: &mut [E]) {
    let c = scale.len();
    let (to_scale, to_shift) = to_film.split_at_mut(c);
    of_scaled(g, x, scale, to, to_scale);
    for g in g.chunks_exact(c) {
        for (to, g) in to_shift.iter_mut().zip(g) {
            *to += *g;
        }
    }
}

/// From the cotangent of x·scale to those of x and scale.
#[inline(always)]
fn of_scaled<E: Real>(g: &[E], x: &[E], scale: &[E], to: &mut [E], to_scale: &mut [E]) {
    let c = scale.len();
    for ((g, x), to) in g.chunks_exact(c).zip(x.chunks_exact(c)).zip(to.chunks_exact_mut(c)) {
        for k in 0..c {
            to[k] += g[k] * scale[k];
            to_scale[k] += g[k] * x[k];
        }
    }
}
