//! Attention, of a matrix a head.

use super::streams::{join, recorded, rows, split, times};
use crate::ops::{Images, Pass, Table};
use dfdx::prelude::*;

/// Of every head of every sample a matrix.
type Heads<E, D> = Tensor<(usize, usize, usize), E, D>;

/// A·V with A = softmax(Q·Kᵀ/√c), and Ȧ·V + A·V̇ with Ȧ = A∘(Ṡ − rows(A∘Ṡ)), where rows gives every element the sum of its row.
pub(super) fn attention<E: Dtype, D: Device<E>>(
    heads: usize,
    input: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let (images, height, width, all) = *input.shape();
    let (pixels, channels) = (height * width, all / 3);
    let count = channels / heads;
    // A row is a head's channels of a pixel's query, key or value.
    let table = recorded(input, tape, |input| input.reshape_like(&(images * pixels * 3 * heads, count)));
    let part = |part: usize, tape: &mut OwnedTape<E, D>| -> (Heads<E, D>, Option<Heads<E, D>>) {
        let index = (0..images * heads)
            .flat_map(|of| (0..pixels).map(move |pixel| (of / heads * pixels + pixel, of % heads)))
            .map(|(pixel, head)| (3 * pixel + part) * heads + head);
        let (value, tangent) = split(&rows(&table, index.collect(), tape), pass, tape);
        let of_heads = |table: Table<E, D>, tape: &mut OwnedTape<E, D>| {
            let matrices = table.shape().0 / pixels;
            recorded(&table, tape, |table| table.reshape_like(&(matrices, pixels, count)))
        };
        (of_heads(value, tape), tangent.map(|tangent| of_heads(tangent, tape)))
    };
    let ((q, q_tangent), (k, k_tangent), (v, v_tangent)) = (part(0, tape), part(1, tape), part(2, tape));
    let factor = E::from_f64(1.0 / libm::sqrt(count as f64)).unwrap_or_default();
    let scores = |q: &Heads<E, D>, k: &Heads<E, D>, tape: &mut OwnedTape<E, D>| -> Heads<E, D> {
        let k: Heads<E, D> = recorded(k, tape, |k| k.permute::<_, Axes3<0, 2, 1>>());
        recorded(q, tape, |q| q.matmul(k) * factor)
    };
    let product = |a: &Heads<E, D>, b: &Heads<E, D>, tape: &mut OwnedTape<E, D>| -> Heads<E, D> {
        recorded(a, tape, |a| a.matmul(b.clone()))
    };
    let sum = |a: &Heads<E, D>, b: &Heads<E, D>, tape: &mut OwnedTape<E, D>| recorded(a, tape, |a| a + b.clone());

    let of_values = scores(&q, &k, tape);
    let weights = recorded(&of_values, tape, |scores| scores.softmax::<Axis<2>>());
    let value = product(&weights, &v, tape);
    let tangent = q_tangent.zip(k_tangent).zip(v_tangent).map(|((q_tangent, k_tangent), v_tangent)| {
        let (first, second) = (scores(&q_tangent, &k, tape), scores(&q, &k_tangent, tape));
        let turned = sum(&first, &second, tape);
        let flat = |matrices: &Heads<E, D>, tape: &mut OwnedTape<E, D>| -> Table<E, D> {
            let rows = matrices.shape().0 * pixels;
            recorded(matrices, tape, |matrices| matrices.reshape_like(&(rows, pixels)))
        };
        let (weights_by_row, turned_by_row) = (flat(&weights, tape), flat(&turned, tape));
        let weighted = times(&weights_by_row, &turned_by_row, tape);
        let shape = *weighted.shape();
        let means: Tensor<(usize,), E, D> = recorded(&weighted, tape, |weighted| weighted.sum::<_, Axis<1>>());
        let means: Table<E, D> = recorded(&means, tape, |means| means.broadcast_like::<_, Axis<1>>(&shape));
        let means = times(&weights_by_row, &means, tape);
        let along = recorded(&weighted, tape, |weighted| weighted - means);
        let along: Heads<E, D> = recorded(&along, tape, |along| along.reshape_like(weights.shape()));
        let (first, second) = (product(&along, &v, tape), product(&weights, &v_tangent, tape));
        sum(&first, &second, tape)
    });
    let by_row = |matrices: Heads<E, D>, tape: &mut OwnedTape<E, D>| -> Table<E, D> {
        let rows = matrices.shape().0 * pixels;
        recorded(&matrices, tape, |matrices| matrices.reshape_like(&(rows, count)))
    };
    let value = by_row(value, tape);
    let tangent = tangent.map(|tangent| by_row(tangent, tape));
    let table = join(value, tangent, tape);
    // Back to pixels, each with all its heads.
    let index = (0..images * pixels)
        .flat_map(|pixel| (0..heads).map(move |head| (pixel / pixels * heads + head) * pixels + pixel % pixels));
    let table = rows(&table, index.collect(), tape);
    recorded(&table, tape, |table| table.reshape_like(&(images, height, width, channels)))
}
