//! Attention, head by head: weights A = softmax(Q·Kᵀ/√c) by rows, and Y = A·V.
//!
//! With a bar for the cotangent of the first pass, a dot for a tangent and a hat for the cotangent of a value in the second; ∘ is the
//! elementwise product, and rows(M) of every element the sum of its row:
//!
//! | pass | forward | in reverse |
//! |---|---|---|
//! | first | Y | V̄ = Aᵀ·Ȳ, Ā = Ȳ·Vᵀ, S̄ = A∘(Ā − rows(A∘Ā)), Q̄ = S̄·K/√c, K̄ = S̄ᵀ·Q/√c |
//! | second | Ṡ = (Q̇·Kᵀ + Q·K̇ᵀ)/√c, Ȧ = A∘(Ṡ − rows(A∘Ṡ)), Ẏ = Ȧ·V + A·V̇ | V̂ = Aᵀ·Ŷ + Ȧᵀ·Ȳ, Â = Ŷ·Vᵀ + Ȳ·V̇ᵀ + Ā∘(Ṡ − rows(A∘Ṡ)) − rows(A∘Ā)∘Ṡ, Ŝ = A∘(Â − rows(A∘Â)), Q̂ = (Ŝ·K + S̄·K̇)/√c, K̂ = (Ŝᵀ·Q + S̄ᵀ·Q̇)/√c |
//!
//! No table of pixels by pixels is kept from one pass to the next: it is computed again.

use super::memory::{self, Shared, State};
use super::{Cotangents, Recorded, Recording};
use crate::ops::kernel::panels::transposed;
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;

/// (N, H, W, 3C) → (N, H, W, C), of values or of tangents.
pub(super) fn attention<E: Real>(
    heads: usize,
    input: &Images<E, Cpu>,
    recording: &mut Recording<'_, E>,
) -> Images<E, Cpu> {
    let &(images, height, width, all) = input.shape();
    let channels = all / 3;
    let extent = Extent { images, pixels: height * width, channels, heads };
    let (pass, x) = (recording.pass, values(input));
    let state: Shared<Kept<E>> = match pass {
        Pass::Value | Pass::Weights => memory::keep(recording, ()),
        Pass::Dual => memory::recall(recording),
    };
    let mut output = vec![E::default(); extent.outputs()];
    {
        let kept = &mut *state.lock();
        match pass {
            Pass::Value | Pass::Weights => kept.value = x,
            Pass::Dual => kept.tangent = x,
        }
        for (image, head) in extent.all() {
            let parts = Parts::of(&kept.value, extent, image, head);
            let y = match pass {
                Pass::Value | Pass::Weights => product(&parts.weights(), &parts.v, extent.pixels),
                Pass::Dual => parts.along(&Parts::of(&kept.tangent, extent, image, head)),
            };
            extent.add((image, head), 0, 1, &y, &mut output);
        }
    }
    let output = input.device().tensor_from_vec(output, (images, height, width, channels));
    let (of_input, of_output) = (input.ghost(), output.ghost());
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let to = grads.get_or_alloc_mut(&of_input)?;
        let kept = &mut *state.lock();
        for (image, head) in extent.all() {
            let parts = Parts::of(&kept.value, extent, image, head);
            let of_y = extent.part((image, head), 0, 1, &g);
            let of_parts = match pass {
                Pass::Value | Pass::Weights => parts.reverse(&of_y),
                Pass::Dual => {
                    let tangent = Parts::of(&kept.tangent, extent, image, head);
                    parts.reverse_dual(&of_y, &extent.part((image, head), 0, 1, &kept.cotangent), &tangent)
                }
            };
            for (position, of_part) in of_parts.iter().enumerate() {
                extent.add((image, head), position, 3, of_part, to);
            }
        }
        if pass != Pass::Dual {
            kept.cotangent = g;
        }
        Ok(())
    });
    output
}

struct Kept<E> {
    /// Q, K and V as they lie in the input.
    value: Vec<E>,
    /// The same of the second pass.
    tangent: Vec<E>,
    /// Ȳ.
    cotangent: Vec<E>,
}

impl<E: Real> State for Kept<E> {
    type Extent = ();

    fn new((): ()) -> Self {
        Kept { value: Vec::new(), tangent: Vec::new(), cotangent: Vec::new() }
    }

    fn extent(&self) {}
}

#[derive(Clone, Copy)]
struct Extent {
    images: usize,
    pixels: usize,
    /// Of the output.
    channels: usize,
    heads: usize,
}

impl Extent {
    fn outputs(self) -> usize {
        self.images * self.pixels * self.channels
    }

    /// Every head of every image.
    fn all(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.images).flat_map(move |image| (0..self.heads).map(move |head| (image, head)))
    }

    /// Where the rows of a head's table begin, of one of `parts` that follow each other in every pixel.
    fn rows(self, (image, head): (usize, usize), part: usize, parts: usize) -> impl Iterator<Item = usize> {
        let start = head * (self.channels / self.heads);
        (0..self.pixels).map(move |pixel| {
            let pixel = image * self.pixels + pixel;
            (pixel * parts + part) * self.channels + start
        })
    }

    /// A head's table, (pixels, c).
    fn part<E: Real>(self, of: (usize, usize), part: usize, parts: usize, from: &[E]) -> Vec<E> {
        let count = self.channels / self.heads;
        self.rows(of, part, parts).flat_map(|start| from[start..start + count].iter().copied()).collect()
    }

    /// The other direction.
    fn add<E: Real>(self, of: (usize, usize), part: usize, parts: usize, table: &[E], to: &mut [E]) {
        let count = self.channels / self.heads;
        for (start, row) in self.rows(of, part, parts).zip(table.chunks_exact(count)) {
            to[start..start + count].iter_mut().zip(row).for_each(|(to, value)| *to += *value);
        }
    }
}

/// Q, K and V of a head, (pixels, c) each.
struct Parts<E> {
    q: Vec<E>,
    k: Vec<E>,
    v: Vec<E>,
    pixels: usize,
    /// 1/√c.
    factor: E,
}

impl<E: Real> Parts<E> {
    fn of(x: &[E], extent: Extent, image: usize, head: usize) -> Self {
        let [q, k, v] = [0, 1, 2].map(|part| extent.part((image, head), part, 3, x));
        let channels = (extent.channels / extent.heads) as f64;
        Parts { q, k, v, pixels: extent.pixels, factor: E::from_float(1.0 / libm::sqrt(channels)) }
    }

    fn channels(&self) -> usize {
        self.q.len() / self.pixels
    }

    /// a·bᵀ of two tables of the head, (pixels, pixels).
    fn scores(&self, a: &[E], b: &[E]) -> Vec<E> {
        product(a, &transposed(b, self.channels()), self.channels())
    }

    /// A.
    fn weights(&self) -> Vec<E> {
        let mut scores = self.scores(&self.q, &self.k);
        for row in scores.chunks_exact_mut(self.pixels) {
            let most = row.iter().fold(row[0], |most, score| if *score > most { *score } else { most });
            row.iter_mut().for_each(|score| *score = ((*score - most) * self.factor).exponential());
            let sum: f64 = row.iter().map(|weight| weight.to_float()).sum();
            row.iter_mut().for_each(|weight| *weight = E::from_float(weight.to_float() / sum));
        }
        scores
    }

    /// Ṡ.
    fn turned(&self, along: &Parts<E>) -> Vec<E> {
        let pairs = self.scores(&along.q, &self.k).into_iter().zip(self.scores(&self.q, &along.k));
        pairs.map(|(first, second)| (first + second) * self.factor).collect()
    }

    /// Ẏ.
    fn along(&self, along: &Parts<E>) -> Vec<E> {
        let weights = self.weights();
        let turned = of_softmax(&weights, &self.turned(along), self.pixels);
        let mut y = product(&turned, &self.v, self.pixels);
        add(&product(&weights, &along.v, self.pixels), &mut y);
        y
    }

    /// The cotangents of Q, K and V.
    fn reverse(&self, of_y: &[E]) -> [Vec<E>; 3] {
        let weights = self.weights();
        let of_scores = of_softmax(&weights, &self.scores(of_y, &self.v), self.pixels);
        let of_v = product(&transposed(&weights, self.pixels), of_y, self.pixels);
        let [of_q, of_k] = self.of_queries(&of_scores, self);
        [of_q, of_k, of_v]
    }

    /// Of a cotangent of scores: those of the queries and of the keys.
    fn of_queries(&self, of_scores: &[E], parts: &Parts<E>) -> [Vec<E>; 2] {
        let of_q = product(of_scores, &parts.k, self.pixels);
        let of_k = product(&transposed(of_scores, self.pixels), &parts.q, self.pixels);
        [of_q, of_k].map(|table| table.into_iter().map(|value| value * self.factor).collect())
    }

    /// As [`Parts::reverse`], in the second pass: of Ŷ, Ȳ and the tangents.
    fn reverse_dual(&self, of_y: &[E], first: &[E], along: &Parts<E>) -> [Vec<E>; 3] {
        let pixels = self.pixels;
        let (weights, turned) = (self.weights(), self.turned(along));
        let of_weights = self.scores(first, &self.v);
        let of_scores = of_softmax(&weights, &of_weights, pixels);
        let mut of_v = product(&transposed(&weights, pixels), of_y, pixels);
        add(&product(&transposed(&of_softmax(&weights, &turned, pixels), pixels), first, pixels), &mut of_v);

        let mut second = self.scores(of_y, &self.v);
        add(&self.scores(first, &along.v), &mut second);
        let rows = |table: &[E]| sums(&weights, table, pixels);
        let (of_turned, of_first) = (rows(&turned), rows(&of_weights));
        for (i, second) in second.iter_mut().enumerate() {
            let row = i / pixels;
            *second += of_weights[i] * (turned[i] - of_turned[row]) - of_first[row] * turned[i];
        }
        let second = of_softmax(&weights, &second, pixels);
        let [mut of_q, mut of_k] = self.of_queries(&second, self);
        let [more_q, more_k] = self.of_queries(&of_scores, along);
        add(&more_q, &mut of_q);
        add(&more_k, &mut of_k);
        [of_q, of_k, of_v]
    }
}

fn add<E: Real>(from: &[E], to: &mut [E]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += *from);
}

/// The sum of every row of a∘b.
fn sums<E: Real>(a: &[E], b: &[E], columns: usize) -> Vec<E> {
    let rows = a.chunks_exact(columns).zip(b.chunks_exact(columns));
    let sum = |(a, b): (&[E], &[E])| E::from_float(a.iter().zip(b).map(|(a, b)| a.to_float() * b.to_float()).sum());
    rows.map(sum).collect()
}

/// A∘(M − rows(A∘M)): what the softmax makes of a tangent, and of a cotangent.
fn of_softmax<E: Real>(weights: &[E], table: &[E], columns: usize) -> Vec<E> {
    let sums = sums(weights, table, columns);
    weights.iter().zip(table).enumerate().map(|(i, (weight, value))| *weight * (*value - sums[i / columns])).collect()
}

/// a·b of a table of `inner` columns and one of as many rows.
fn product<E: Real>(a: &[E], b: &[E], inner: usize) -> Vec<E> {
    let columns = b.len() / inner;
    let mut output = vec![E::default(); a.len() / inner * columns];
    for (output, a) in output.chunks_exact_mut(columns).zip(a.chunks_exact(inner)) {
        for (a, b) in a.iter().zip(b.chunks_exact(columns)) {
            output.iter_mut().zip(b).for_each(|(output, b)| *output += *a * *b);
        }
    }
    output
}
