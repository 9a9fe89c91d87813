//! FiLM and SiLU in one pass, and their dual.

use super::{Cotangents, Recorded, silu_derivatives};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;
use pulp::Arch;

/// What the reverse pass needs, for values then tangents.
struct Saved<E> {
    /// The input, x then ẋ.
    input: Vec<E>,
    /// silu'(m) then silu''(m)·ṁ at m = x·(1 + scale) + shift.
    derivatives: Vec<E>,
    /// (N, 2C): 1 + scale, then shift, of every sample; the tangents' scales have no 1.
    film: Vec<E>,
    channels: usize,
    pass: Pass,
}

/// (x, ẋ) → (silu(m), silu'(m)·ṁ) with m = x·(1 + scale) + shift.
pub(super) fn film_silu<E: Real>(
    input: &Images<E, Cpu>,
    film: &Images<E, Cpu>,
    pass: Pass,
    tape: &mut OwnedTape<E, Cpu>,
) -> Images<E, Cpu> {
    let channels = input.shape().3;
    let mut saved = Saved {
        input: values(input),
        derivatives: vec![E::default(); input.shape().num_elements()],
        film: values(film),
        channels,
        pass,
    };
    saved.add_one_to_scales();
    let mut output = vec![E::default(); saved.input.len()];
    Arch::new().dispatch(|| saved.forward(&mut output));
    let output = input.device().tensor_from_vec(output, *input.shape());
    let (of_input, of_film, of_output) = (input.ghost(), film.ghost(), output.ghost());
    tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let mut g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let mut to = std::mem::take(&mut **grads.get_or_alloc_mut(&of_input)?);
        let to_film = grads.get_or_alloc_mut(&of_film)?;
        // The cotangent of the output is not needed again, so it may become that of m.
        Arch::new().dispatch(|| saved.reverse(&mut g, &mut to, to_film));
        **grads.get_or_alloc_mut(&of_input)? = to;
        Ok(())
    });
    output
}

impl<E: Real> Saved<E> {
    fn add_one_to_scales(&mut self) {
        let values = self.film.len() / self.pass.streams();
        for film in self.film[..values].chunks_exact_mut(2 * self.channels) {
            film[..self.channels].iter_mut().for_each(|scale| *scale += E::from_float(1.0));
        }
    }

    /// Values of one sample.
    fn sample(&self) -> usize {
        self.input.len() / (self.film.len() / (2 * self.channels))
    }

    #[inline(always)]
    fn forward(&mut self, output: &mut [E]) {
        let (sample, c) = (self.sample(), self.channels);
        let half = self.input.len() / self.pass.streams();
        let (x, tangent) = self.input.split_at(half);
        let (first, second) = self.derivatives.split_at_mut(half);
        let (film, film_tangent) = self.film.split_at(self.film.len() / self.pass.streams());
        let (y, y_tangent) = output.split_at_mut(half);
        for (i, film) in film.chunks_exact(2 * c).enumerate() {
            let range = i * sample..(i + 1) * sample;
            let (scale, shift) = film.split_at(c);
            let (x, first, y) = (&x[range.clone()], &mut first[range.clone()], &mut y[range.clone()]);
            if self.pass != Pass::Dual {
                for ((x, first), y) in x.chunks_exact(c).zip(first.chunks_exact_mut(c)).zip(y.chunks_exact_mut(c)) {
                    for k in 0..c {
                        (y[k], first[k], _) = silu_derivatives(x[k] * scale[k] + shift[k]);
                    }
                }
                continue;
            }
            let (scale_tangent, shift_tangent) = film_tangent[i * 2 * c..(i + 1) * 2 * c].split_at(c);
            let (tangent, second, y_tangent) =
                (&tangent[range.clone()], &mut second[range.clone()], &mut y_tangent[range]);
            let values = x.chunks_exact(c).zip(first.chunks_exact_mut(c)).zip(y.chunks_exact_mut(c));
            let tangents = tangent.chunks_exact(c).zip(second.chunks_exact_mut(c)).zip(y_tangent.chunks_exact_mut(c));
            for (((x, first), y), ((tangent, second), y_tangent)) in values.zip(tangents) {
                for k in 0..c {
                    let (value, d, dd) = silu_derivatives(x[k] * scale[k] + shift[k]);
                    let m_tangent = tangent[k] * scale[k] + x[k] * scale_tangent[k] + shift_tangent[k];
                    (y[k], y_tangent[k]) = (value, d * m_tangent);
                    (first[k], second[k]) = (d, dd * m_tangent);
                }
            }
        }
    }

    #[inline(always)]
    fn reverse(&self, g: &mut [E], to: &mut [E], to_film: &mut [E]) {
        let (sample, c) = (self.sample(), self.channels);
        let half = self.input.len() / self.pass.streams();
        let films = self.film.len() / self.pass.streams();
        let (g, g_tangent) = g.split_at_mut(half);
        let (first, second) = self.derivatives.split_at(half);
        // From cotangents of the output to cotangents of m.
        for (g, first) in g.iter_mut().zip(first) {
            *g *= *first;
        }
        for (((g, g_tangent), first), second) in g.iter_mut().zip(&mut *g_tangent).zip(first).zip(second) {
            *g += *g_tangent * *second;
            *g_tangent *= *first;
        }
        let (to, to_tangent) = to.split_at_mut(half);
        let (to_film, to_film_tangent) = to_film.split_at_mut(films);
        let (x, tangent) = self.input.split_at(half);
        let (film, film_tangent) = self.film.split_at(films);
        for i in 0..films / (2 * c) {
            let (range, of_film) = (i * sample..(i + 1) * sample, i * 2 * c..(i + 1) * 2 * c);
            let stream = |g: &[E], scale: &[E], to: &mut [E]| spread(&g[range.clone()], scale, &mut to[range.clone()]);
            let sums = |g: &[E], x: &[E], to: &mut [E]| gather(&g[range.clone()], &x[range.clone()], to);
            let shifts = |g: &[E], to: &mut [E]| gather_shift(&g[range.clone()], to);
            let scale = &film[of_film.clone()][..c];
            stream(g, scale, to);
            let (to_scale, to_shift) = to_film[of_film.clone()].split_at_mut(c);
            sums(g, x, to_scale);
            shifts(g, to_shift);
            if self.pass == Pass::Dual {
                let scale_tangent = &film_tangent[of_film.clone()][..c];
                stream(g_tangent, scale_tangent, to);
                stream(g_tangent, scale, to_tangent);
                sums(g_tangent, tangent, to_scale);
                let (to_scale, to_shift) = to_film_tangent[of_film].split_at_mut(c);
                sums(g_tangent, x, to_scale);
                shifts(g_tangent, to_shift);
            }
        }
    }
}

/// to += g·scale, the scale of each channel.
#[inline(always)]
fn spread<E: Real>(g: &[E], scale: &[E], to: &mut [E]) {
    for (g, to) in g.chunks_exact(scale.len()).zip(to.chunks_exact_mut(scale.len())) {
        for ((g, scale), to) in g.iter().zip(scale).zip(to) {
            *to += *g * *scale;
        }
    }
}

/// to += Σ over pixels of g·x, for each channel.
#[inline(always)]
fn gather<E: Real>(g: &[E], x: &[E], to: &mut [E]) {
    for (g, x) in g.chunks_exact(to.len()).zip(x.chunks_exact(to.len())) {
        for ((g, x), to) in g.iter().zip(x).zip(to.iter_mut()) {
            *to += *g * *x;
        }
    }
}

/// to += Σ over pixels of g, for each channel.
#[inline(always)]
fn gather_shift<E: Real>(g: &[E], to: &mut [E]) {
    for g in g.chunks_exact(to.len()) {
        for (g, to) in g.iter().zip(to.iter_mut()) {
            *to += *g;
        }
    }
}
