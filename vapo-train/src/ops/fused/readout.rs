//! From the head's output to the potential.

use super::{Cotangents, Recorded};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, Scalars, values};
use dfdx::prelude::*;
use vapo_format::architecture::SQUARES;

/// One stream's inputs of one sample.
#[derive(Clone, Copy)]
struct Sample<'a, E> {
    /// (pixels, channels).
    head: &'a [E],
    /// Quadratic factor, then a factor for each channel.
    factors: &'a [E],
    image: &'a [E],
}

struct Saved<E> {
    head: Vec<E>,
    factors: Vec<E>,
    image: Vec<E>,
    /// N: samples times streams.
    samples: usize,
    pass: Pass,
}

/// Φ = Σ o·q[1..] + w/C Σ o² + ½ q[0] ‖x‖², and its tangent.
pub(super) fn readout<E: Real>(
    head: &Images<E, Cpu>,
    factors: &Images<E, Cpu>,
    image: &Images<E, Cpu>,
    pass: Pass,
    tape: &mut OwnedTape<E, Cpu>,
) -> Scalars<E, Cpu> {
    let samples = head.shape().0;
    let saved = Saved { head: values(head), factors: values(factors), image: values(image), samples, pass };
    let count = samples / pass.streams();
    let mut output: Vec<E> = (0..count).map(|i| potential(saved.sample(i))).collect();
    if pass == Pass::Dual {
        output.extend((0..count).map(|i| tangent(saved.sample(i), saved.sample(count + i))));
    }
    let output = head.device().tensor_from_vec(output, (samples,));
    let (of_head, of_factors, of_image, of_output) = (head.ghost(), factors.ghost(), image.ghost(), output.ghost());
    tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = grads.get_or_alloc_mut(&of_output)?.to_vec();
        saved.reverse_head(&g, grads.get_or_alloc_mut(&of_head)?);
        saved.reverse_factors(&g, grads.get_or_alloc_mut(&of_factors)?);
        if pass == Pass::Value {
            saved.reverse_image(&g, grads.get_or_alloc_mut(&of_image)?);
        }
        Ok(())
    });
    output
}

impl<'a, E: Real> Sample<'a, E> {
    fn linear(self) -> &'a [E] {
        &self.factors[1..]
    }

    /// Pixels of the head's output.
    fn pixels(self) -> std::slice::ChunksExact<'a, E> {
        self.head.chunks_exact(self.linear().len())
    }

    /// to += g·(l + 2w/C·o): how the potential changes with the head's output. With a tangent's `at` in place of
    /// the value, how that slope changes along it.
    fn add_slope(self, at: Sample<'_, E>, g: E, to: &mut [E]) {
        let double = self.squares() + self.squares();
        for (pixel, to) in at.pixels().zip(to.chunks_exact_mut(at.linear().len())) {
            for ((to, l), o) in to.iter_mut().zip(at.linear()).zip(pixel) {
                *to += g * (*l + double * *o);
            }
        }
    }

    /// to[0] += quadratic, to[1..] += g·Σ over pixels of o.
    fn add_factors(self, g: E, quadratic: E, to: &mut [E]) {
        to[0] += quadratic;
        for pixel in self.pixels() {
            to[1..].iter_mut().zip(pixel).for_each(|(to, o)| *to += g * *o);
        }
    }

    fn squares(self) -> E {
        E::from_float(f64::from(SQUARES) / self.linear().len() as f64)
    }
}

fn dot<E: Real>(a: &[E], b: &[E]) -> E {
    // In f64: the quadratic part and the rest may cancel.
    E::from_float(a.iter().zip(b).map(|(a, b)| a.to_float() * b.to_float()).sum())
}

fn potential<E: Real>(value: Sample<'_, E>) -> E {
    let linear = value.pixels().fold(E::default(), |sum, pixel| sum + dot(pixel, value.linear()));
    let half = E::from_float(0.5);
    linear + value.squares() * dot(value.head, value.head) + half * value.factors[0] * dot(value.image, value.image)
}

fn tangent<E: Real>(value: Sample<'_, E>, tangent: Sample<'_, E>) -> E {
    let linear = value.pixels().zip(tangent.pixels()).fold(E::default(), |sum, (pixel, pixel_tangent)| {
        sum + dot(pixel_tangent, value.linear()) + dot(pixel, tangent.linear())
    });
    let (half, two) = (E::from_float(0.5), E::from_float(2.0));
    linear
        + two * value.squares() * dot(value.head, tangent.head)
        + half * tangent.factors[0] * dot(value.image, value.image)
        + value.factors[0] * dot(value.image, tangent.image)
}

impl<E: Real> Saved<E> {
    fn sample(&self, i: usize) -> Sample<'_, E> {
        fn part<E>(all: &[E], samples: usize, i: usize) -> &[E] {
            let size = all.len() / samples;
            &all[i * size..(i + 1) * size]
        }
        Sample {
            head: part(&self.head, self.samples, i),
            factors: part(&self.factors, self.samples, i),
            image: part(&self.image, self.samples, i),
        }
    }

    /// Cotangents of the potential and of its tangent (0 without one), of every sample of the value stream.
    fn cotangents<'g>(&self, g: &'g [E]) -> impl Iterator<Item = (usize, E, E)> + 'g {
        let count = self.samples / self.pass.streams();
        let dual = self.pass == Pass::Dual;
        (0..count).map(move |i| (i, g[i], if dual { g[count + i] } else { E::default() }))
    }

    fn reverse_head(&self, g: &[E], to: &mut [E]) {
        let count = self.samples / self.pass.streams();
        let size = self.head.len() / self.samples;
        let (to, to_tangent) = to.split_at_mut(count * size);
        for (i, g, g_tangent) in self.cotangents(g) {
            let (value, to) = (self.sample(i), &mut to[i * size..(i + 1) * size]);
            value.add_slope(value, g, to);
            if self.pass == Pass::Dual {
                value.add_slope(self.sample(count + i), g_tangent, to);
                value.add_slope(value, g_tangent, &mut to_tangent[i * size..(i + 1) * size]);
            }
        }
    }

    fn reverse_factors(&self, g: &[E], to: &mut [E]) {
        let count = self.samples / self.pass.streams();
        let size = self.factors.len() / self.samples;
        let (to, to_tangent) = to.split_at_mut(count * size);
        let half = E::from_float(0.5);
        for (i, g, g_tangent) in self.cotangents(g) {
            let (value, to) = (self.sample(i), &mut to[i * size..(i + 1) * size]);
            let norm = half * dot(value.image, value.image);
            value.add_factors(g, g * norm, to);
            if self.pass == Pass::Dual {
                let tangent = self.sample(count + i);
                tangent.add_factors(g_tangent, g_tangent * dot(value.image, tangent.image), to);
                value.add_factors(g_tangent, g_tangent * norm, &mut to_tangent[i * size..(i + 1) * size]);
            }
        }
    }

    fn reverse_image(&self, g: &[E], to: &mut [E]) {
        let size = self.image.len() / self.samples;
        for (i, g, _) in self.cotangents(g) {
            let value = self.sample(i);
            let factor = g * value.factors[0];
            to[i * size..(i + 1) * size].iter_mut().zip(value.image).for_each(|(to, x)| *to += factor * *x);
        }
    }
}
