//! From the head's output to the potential.

use super::memory::{self, State};
use super::{Cotangents, Recorded, Recording};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;
use vapo_format::layer::SQUARES;

/// One stream's inputs of one sample.
#[derive(Clone, Copy)]
struct Sample<'a, E> {
    /// (pixels, channels).
    head: &'a [E],
    /// Quadratic factor, then a factor for each channel.
    factors: &'a [E],
    image: &'a [E],
}

/// One stream's inputs of all samples.
struct Stream<'a, E> {
    head: &'a [E],
    factors: &'a [E],
    image: &'a [E],
    samples: usize,
}

/// Φ = Σ o·q[1..] + w/C Σ o² + ½ q[0] ‖x‖², or its tangent. Leaves o, q and x; the cotangent of a potential in the
/// first pass is 1.
pub(super) fn readout<E: Real>(
    head: &Images<E, Cpu>,
    factors: &Images<E, Cpu>,
    image: &Images<E, Cpu>,
    recording: &mut Recording<'_, E>,
) -> Images<E, Cpu> {
    let samples = head.shape().0;
    let inputs = vec![values(head), values(factors), values(image)];
    let (of_head, of_factors, of_image) = (head.ghost(), factors.ghost(), image.ghost());
    match recording.pass {
        Pass::Value | Pass::Weights => {
            let state = memory::keep::<E, Kept<E>>(recording, ());
            let output = Stream::new(&inputs, samples).samples().map(potential).collect();
            state.lock().inputs = inputs;
            let output = head.device().tensor_from_vec(output, (samples, 1, 1, 1));
            let of_output = output.ghost();
            recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
                let g = grads.get_or_alloc_mut(&of_output)?.to_vec();
                let Kept { inputs } = &*state.lock();
                let stream = Stream::new(inputs, samples);
                stream.reverse_head(&g, grads.get_or_alloc_mut(&of_head)?);
                stream.reverse_factors(&g, grads.get_or_alloc_mut(&of_factors)?);
                stream.reverse_image(&g, grads.get_or_alloc_mut(&of_image)?);
                Ok(())
            });
            output
        }
        Pass::Dual => {
            let state = memory::recall::<E, Kept<E>>(recording);
            let output = {
                let kept = state.lock();
                let (values, tangents) = (Stream::new(&kept.inputs, samples), Stream::new(&inputs, samples));
                values.samples().zip(tangents.samples()).map(|(value, along)| tangent(value, along)).collect()
            };
            let output = head.device().tensor_from_vec(output, (samples, 1, 1, 1));
            let of_output = output.ghost();
            recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
                let g = grads.get_or_alloc_mut(&of_output)?.to_vec();
                let kept = state.lock();
                let (values, tangents) = (Stream::new(&kept.inputs, samples), Stream::new(&inputs, samples));
                let to = grads.get_or_alloc_mut(&of_head)?;
                values.reverse_head(&g, to);
                values.reverse_head_dual(&tangents, to);
                let to = grads.get_or_alloc_mut(&of_factors)?;
                values.reverse_factors(&g, to);
                values.reverse_factors_dual(&tangents, to);
                Ok(())
            });
            output
        }
    }
}

/// The inputs of the first pass.
struct Kept<E> {
    inputs: Vec<Vec<E>>,
}

impl<E: Real> State for Kept<E> {
    type Extent = ();

    fn new((): ()) -> Self {
        Kept { inputs: Vec::new() }
    }

    fn extent(&self) {}
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

impl<'a, E: Real> Stream<'a, E> {
    fn new(inputs: &'a [Vec<E>], samples: usize) -> Self {
        let [head, factors, image] = [0, 1, 2].map(|place| inputs[place].as_slice());
        Stream { head, factors, image, samples }
    }

    fn samples(&self) -> impl Iterator<Item = Sample<'a, E>> {
        let part = |all: &'a [E]| all.chunks_exact(all.len() / self.samples);
        let parts = part(self.head).zip(part(self.factors)).zip(part(self.image));
        parts.map(|((head, factors), image)| Sample { head, factors, image })
    }

    fn reverse_head(&self, g: &[E], to: &mut [E]) {
        for ((value, g), to) in self.samples().zip(g).zip(to.chunks_exact_mut(self.head.len() / self.samples)) {
            value.add_slope(value, *g, to);
        }
    }

    fn reverse_head_dual(&self, tangents: &Stream<'_, E>, to: &mut [E]) {
        let pairs = self.samples().zip(tangents.samples());
        for ((value, tangent), to) in pairs.zip(to.chunks_exact_mut(self.head.len() / self.samples)) {
            value.add_slope(tangent, E::from_float(1.0), to);
        }
    }

    fn reverse_factors(&self, g: &[E], to: &mut [E]) {
        let half = E::from_float(0.5);
        for ((value, g), to) in self.samples().zip(g).zip(to.chunks_exact_mut(self.factors.len() / self.samples)) {
            value.add_factors(*g, *g * half * dot(value.image, value.image), to);
        }
    }

    fn reverse_factors_dual(&self, tangents: &Stream<'_, E>, to: &mut [E]) {
        let pairs = self.samples().zip(tangents.samples());
        for ((value, tangent), to) in pairs.zip(to.chunks_exact_mut(self.factors.len() / self.samples)) {
            tangent.add_factors(E::from_float(1.0), dot(value.image, tangent.image), to);
        }
    }

    fn reverse_image(&self, g: &[E], to: &mut [E]) {
        for ((value, g), to) in self.samples().zip(g).zip(to.chunks_exact_mut(self.image.len() / self.samples)) {
            let factor = *g * value.factors[0];
            to.iter_mut().zip(value.image).for_each(|(to, x)| *to += factor * *x);
        }
    }
}
