//! Taking a batch's streams apart and putting them together, and the tape through both.

use crate::ops::{Pass, Table};
use dfdx::prelude::*;

/// Streams of a batch: values, and in a dual pass their tangents after them.
pub(super) fn streams(pass: Pass) -> usize {
    match pass {
        Pass::Value | Pass::Weights => 1,
        Pass::Dual => 2,
    }
}

/// Applies `op` to a tensor, recording on `tape`.
pub(super) fn recorded<E: Dtype, D: Device<E>, S: Shape, R: Shape>(
    input: &Tensor<S, E, D>,
    tape: &mut OwnedTape<E, D>,
    op: impl FnOnce(Tensor<S, E, D, OwnedTape<E, D>>) -> Tensor<R, E, D, OwnedTape<E, D>>,
) -> Tensor<R, E, D> {
    let (output, after) = op(input.clone().put_tape(std::mem::take(tape))).split_tape();
    *tape = after;
    output
}

/// The rows of a table that `index` lists, any number of times each. The reverse pass adds them up, which that of a
/// slice does not on the CPU.
pub(super) fn rows<E: Dtype, D: Device<E>>(
    table: &Table<E, D>,
    index: Vec<usize>,
    tape: &mut OwnedTape<E, D>,
) -> Table<E, D> {
    let count = index.len();
    let index: Tensor<(usize,), usize, D> = table.device().tensor_from_vec(index, (count,));
    recorded(table, tape, |table| table.gather(index))
}

/// Values, and in a dual pass tangents. A table of N rows becomes tables of N / streams rows.
pub(super) fn split<E: Dtype, D: Device<E>>(
    table: &Table<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> (Table<E, D>, Option<Table<E, D>>) {
    let count = table.shape().0 / streams(pass);
    let values = rows(table, (0..count).collect(), tape);
    let tangents = (pass == Pass::Dual).then(|| rows(table, (count..2 * count).collect(), tape));
    (values, tangents)
}

/// The other direction of [`split`].
pub(super) fn join<E: Dtype, D: Device<E>>(
    values: Table<E, D>,
    tangents: Option<Table<E, D>>,
    tape: &mut OwnedTape<E, D>,
) -> Table<E, D> {
    match tangents {
        None => values,
        Some(tangents) => recorded(&values, tape, |values| (values, tangents).concat_along(Axis::<0>)),
    }
}

/// a · b, elementwise.
pub(super) fn times<E: Dtype, D: Device<E>>(
    a: &Table<E, D>,
    b: &Table<E, D>,
    tape: &mut OwnedTape<E, D>,
) -> Table<E, D> {
    // Both operands of one tensor would be one id, which dfdx's product refuses.
    recorded(a, tape, |a| a * b.clone())
}

/// a + b, elementwise.
pub(super) fn plus<E: Dtype, D: Device<E>>(
    a: &Table<E, D>,
    b: &Table<E, D>,
    tape: &mut OwnedTape<E, D>,
) -> Table<E, D> {
    recorded(a, tape, |a| a + b.clone())
}

/// The table with another number of columns and the same values.
pub(super) fn reshaped<E: Dtype, D: Device<E>>(
    table: &Table<E, D>,
    shape: (usize, usize),
    tape: &mut OwnedTape<E, D>,
) -> Table<E, D> {
    recorded(table, tape, |table| table.reshape_like(&shape))
}
