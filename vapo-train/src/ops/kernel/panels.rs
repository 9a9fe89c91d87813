//! Weights in panels of columns, as the product reads them.

use super::real::Real;

/// Columns of a panel: one register of the widest vectors of f32 where there are no more columns, else two.
pub const NARROW: usize = 16;
/// Twice as many.
pub const WIDE: usize = 32;

/// A matrix (inputs, columns), cut into panels of [`NARROW`] or [`WIDE`] columns that each lie in one piece; the last is
/// filled up with zeros.
#[derive(Debug)]
pub struct Panels<E> {
    values: Vec<E>,
    inputs: usize,
    columns: usize,
}

impl<E: Real> Panels<E> {
    /// The panels of row-major weights (inputs, columns).
    pub fn new(weights: &[E], columns: usize) -> Self {
        let inputs = weights.len() / columns;
        let mut panels = Panels { values: Vec::new(), inputs, columns };
        let width = panels.width();
        panels.values.resize(columns.div_ceil(width) * inputs * width, E::default());
        for (panel, to) in panels.values.chunks_exact_mut(inputs * width).enumerate() {
            let first = panel * width;
            let used = width.min(columns - first);
            for (to, from) in to.chunks_exact_mut(width).zip(weights.chunks_exact(columns)) {
                to[..used].copy_from_slice(&from[first..first + used]);
            }
        }
        panels
    }

    /// Inputs of the matrix.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Columns of the matrix.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Columns of a panel, [`NARROW`] or [`WIDE`].
    #[inline(always)]
    pub(super) fn width(&self) -> usize {
        if self.columns <= NARROW { NARROW } else { WIDE }
    }

    /// The panel of W columns that a column lies in: every input's weights.
    #[inline(always)]
    pub(super) fn panel<const W: usize>(&self, column: usize) -> &[[E; W]] {
        &self.values.as_chunks().0[column / W * self.inputs..][..self.inputs]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_hold_every_weight_and_zeros() {
        let weights: Vec<f32> = (0..2 * 34).map(|value| value as f32).collect();
        let panels = Panels::new(&weights, 34);
        assert_eq!((panels.inputs(), panels.columns(), panels.width()), (2, 34, WIDE));
        assert_eq!(panels.panel(31)[1], std::array::from_fn::<_, WIDE, _>(|column| (34 + column) as f32));
        let mut last = [0.0; WIDE];
        last[..2].copy_from_slice(&[32.0, 33.0]);
        assert_eq!(panels.panel(33)[0], last);

        let panels = Panels::new(&weights[..4], 2);
        assert_eq!((panels.inputs(), panels.columns(), panels.width()), (2, 2, NARROW));
        let mut row = [0.0; NARROW];
        row[..2].copy_from_slice(&[2.0, 3.0]);
        assert_eq!(panels.panel(0)[1], row);
    }
}
