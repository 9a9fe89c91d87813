//! A matrix as the kernels read it. Prepared once a step, for all shards of the batch.

use crate::ops::kernel::panels::{Panels, transposed};
use crate::ops::kernel::real::Real;
use crate::ops::kernel::window::Window;
use crate::ops::{Matrix, values};
use dfdx::prelude::{Cpu, HasShape};
use std::sync::Arc;

/// Weights of a convolution.
#[derive(Debug)]
pub struct Weights<E> {
    /// (inputs, outputs).
    pub(super) forward: Panels<E>,
    /// Of the input gradient, transposed: every row of a window of those that tile; otherwise all taps, from last to first.
    pub(super) reverse: Vec<Panels<E>>,
    /// (outputs,).
    pub(super) bias: Vec<E>,
}

impl<E: Real> Weights<E> {
    fn new(matrix: &Matrix<E, Cpu>, window: Window) -> Self {
        let (forward, columns) = (values(&matrix.weight), matrix.weight.shape().1);
        let inputs = forward.len() / columns;
        let transposed_panels = |rows: &[E]| Panels::new(&transposed(rows, columns), rows.len() / columns);
        let channels = inputs / window.taps();
        let (rows, run) = window.rows(channels);
        let reverse = if window.tiles() {
            forward.chunks_exact(run * columns).map(transposed_panels).collect()
        } else {
            let taps = forward.chunks_exact(channels * columns);
            let turned: Vec<E> = taps.rev().flat_map(|tap| transposed(tap, columns)).collect();
            vec![Panels::of_rows(&turned, channels, rows)]
        };
        Weights { forward: Panels::of_rows(&forward, columns, rows), reverse, bias: values(&matrix.bias) }
    }
}

/// A matrix and its preparations.
pub(super) struct Prepared<E>(Arc<std::sync::OnceLock<Weights<E>>>);

impl<E: Real> Prepared<E> {
    /// Prepares the matrix of a convolution, unless that is done.
    pub(super) fn new(matrix: &Matrix<E, Cpu>, window: Window) -> Self {
        matrix.prepared.get_or_init(|| Weights::new(matrix, window));
        Prepared(matrix.prepared.clone())
    }
}

impl<E> std::ops::Deref for Prepared<E> {
    type Target = Weights<E>;

    fn deref(&self) -> &Weights<E> {
        self.0.get().expect("it was prepared when this was made")
    }
}
