//! FiLM: m = x·(1 + scale) + shift, a scale and a shift for each channel of a sample.
//!
//! With a bar for the cotangent of the first pass, a dot for a tangent and a hat for the cotangent of a value in the second:
//!
//! | pass | forward | in reverse |
//! |---|---|---|
//! | first | m | x̄ = m̄·(1 + scale), scale¯ = Σ m̄·x, shift¯ = Σ m̄ |
//! | second | ṁ = ẋ·(1 + scale) + x·scale˙ + shift˙ | x̂ = m̂·(1 + scale) + m̄·scale˙, scale^ = Σ m̂·x + m̄·ẋ, shift^ = Σ m̂ |
//!
//! The sums are over the pixels of a sample.

use super::memory::{self, Shared, State};
use super::{Cotangents, Recorded, Recording};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;

/// x → m, or ẋ → ṁ. `film` has the scales of a sample, then its shifts.
pub(super) fn film<E: Real>(
    input: &Images<E, Cpu>,
    film: &Images<E, Cpu>,
    recording: &mut Recording<'_, E>,
) -> Images<E, Cpu> {
    let (pass, channels) = (recording.pass, input.shape().3);
    let (x, factors) = (values(input), values(film));
    let state: Shared<Kept<E>> = match pass {
        Pass::Value | Pass::Weights => memory::keep(recording, ()),
        Pass::Dual => memory::recall(recording),
    };
    let output = {
        let kept = &mut *state.lock();
        match pass {
            Pass::Value | Pass::Weights => {
                kept.value = Stream { x, factors, channels };
                kept.value.forward()
            }
            Pass::Dual => {
                kept.tangent = Stream { x, factors, channels };
                kept.value.along(&kept.tangent)
            }
        }
    };
    let output = input.device().tensor_from_vec(output, *input.shape());
    let (of_input, of_film, of_output) = (input.ghost(), film.ghost(), output.ghost());
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let Kept { value, tangent, cotangent } = &mut *state.lock();
        let one = E::from_float(1.0);
        value.add_to_input(&g, one, grads.get_or_alloc_mut(&of_input)?);
        value.add_to_factors(&g, one, grads.get_or_alloc_mut(&of_film)?);
        if pass == Pass::Dual {
            // No constant and no shift in a tangent.
            tangent.add_to_input(cotangent, E::default(), grads.get_or_alloc_mut(&of_input)?);
            tangent.add_to_factors(cotangent, E::default(), grads.get_or_alloc_mut(&of_film)?);
        } else {
            *cotangent = g;
        }
        Ok(())
    });
    output
}

struct Kept<E> {
    /// x, scale and shift.
    value: Stream<E>,
    /// ẋ, scale˙ and shift˙.
    tangent: Stream<E>,
    /// m̄.
    cotangent: Vec<E>,
}

impl<E: Real> State for Kept<E> {
    type Extent = ();

    fn new((): ()) -> Self {
        Kept { value: Stream::default(), tangent: Stream::default(), cotangent: Vec::new() }
    }

    fn extent(&self) {}
}

/// Inputs of all samples: values or tangents.
#[derive(Default)]
struct Stream<E> {
    /// (N, pixels, channels).
    x: Vec<E>,
    /// (N, 2·channels).
    factors: Vec<E>,
    channels: usize,
}

impl<E: Real> Stream<E> {
    /// Every pixel, with its sample's scales and shifts.
    fn pixels(&self) -> impl Iterator<Item = (&[E], (&[E], &[E]))> {
        let samples = self.factors.chunks_exact(2 * self.channels);
        let parts = self.x.chunks_exact(self.x.len() / samples.len());
        parts.zip(samples).flat_map(|(part, factors)| {
            let factors = factors.split_at(self.channels);
            part.chunks_exact(self.channels).map(move |pixel| (pixel, factors))
        })
    }

    /// m.
    fn forward(&self) -> Vec<E> {
        let one = E::from_float(1.0);
        let pixels = self.pixels().flat_map(|(pixel, (scale, shift))| {
            pixel.iter().zip(scale).zip(shift).map(move |((x, scale), shift)| *x * (one + *scale) + *shift)
        });
        pixels.collect()
    }

    /// ṁ.
    fn along(&self, tangent: &Stream<E>) -> Vec<E> {
        let one = E::from_float(1.0);
        let pixels = self.pixels().zip(tangent.pixels()).flat_map(|((pixel, (scale, _)), (along, (turned, shift)))| {
            let values = pixel.iter().zip(scale);
            let tangents = along.iter().zip(turned).zip(shift);
            values
                .zip(tangents)
                .map(move |((x, scale), ((along, turned), shift))| *along * (one + *scale) + *x * *turned + *shift)
        });
        pixels.collect()
    }

    /// to += g·(constant + scale).
    fn add_to_input(&self, g: &[E], constant: E, to: &mut [E]) {
        let (g, to) = (g.chunks_exact(self.channels), to.chunks_exact_mut(self.channels));
        for (((_, (scale, _)), g), to) in self.pixels().zip(g).zip(to) {
            to.iter_mut().zip(g).zip(scale).for_each(|((to, g), scale)| *to += *g * (constant + *scale));
        }
    }

    /// To the scales g·x, to the shifts g times a constant, both summed over the pixels.
    fn add_to_factors(&self, g: &[E], constant: E, to: &mut [E]) {
        let sample = self.x.len() / (to.len() / (2 * self.channels));
        let samples = self.x.chunks_exact(sample).zip(g.chunks_exact(sample));
        for ((x, g), to) in samples.zip(to.chunks_exact_mut(2 * self.channels)) {
            let (to_scale, to_shift) = to.split_at_mut(self.channels);
            for (x, g) in x.chunks_exact(self.channels).zip(g.chunks_exact(self.channels)) {
                to_scale.iter_mut().zip(x).zip(g).for_each(|((to, x), g)| *to += *g * *x);
                to_shift.iter_mut().zip(g).for_each(|(to, g)| *to += constant * *g);
            }
        }
    }
}
