//! Weights in panels of columns, as the product reads them.
//!
//! Few columns would leave half of the widest registers empty. There the weights of two inputs share a row of a panel, in
//! turn: with the two inputs repeated along a register, one multiplication takes in both.

use super::real::{NARROW, Real};

/// Columns of a panel that are more than [`NARROW`].
pub const WIDE: usize = 2 * NARROW;

/// A matrix (inputs, columns), cut into panels of [`NARROW`] or [`WIDE`] columns that each lie in one piece, or into one of
/// pairs of inputs; the last is filled up with zeros.
#[derive(Debug)]
pub struct Panels<E> {
    values: Vec<E>,
    inputs: usize,
    columns: usize,
    in_pairs: bool,
}

/// Whether contiguous inputs of a matrix with so many columns go in pairs: two fit a narrow panel.
pub(super) fn in_pairs(run: usize, columns: usize) -> bool {
    2 * columns <= NARROW && run.is_multiple_of(2)
}

/// Values of the panels of a matrix (inputs, columns), whose inputs lie in so many rows.
pub fn length(inputs: usize, columns: usize, rows: usize) -> usize {
    if in_pairs(inputs / rows, columns) {
        return inputs / 2 * NARROW;
    }
    let width = width(columns);
    columns.div_ceil(width) * inputs * width
}

/// Columns of a panel, [`NARROW`] or [`WIDE`].
#[inline(always)]
fn width(columns: usize) -> usize {
    if columns <= NARROW { NARROW } else { WIDE }
}

impl<E: Real> Panels<E> {
    /// The panels of row-major weights (inputs, columns), whose inputs are contiguous in memory.
    pub fn new(weights: &[E], columns: usize) -> Self {
        Panels::of_rows(weights, columns, 1)
    }

    /// The same, where inputs lie in so many rows, each contiguous: no pair lies in two rows.
    pub fn of_rows(weights: &[E], columns: usize, rows: usize) -> Self {
        let inputs = weights.len() / columns;
        let mut panels = Panels { values: Vec::new(), inputs, columns, in_pairs: in_pairs(inputs / rows, columns) };
        if panels.in_pairs {
            panels.values = paired(weights, columns);
            return panels;
        }
        let width = panels.width();
        panels.values.resize(length(inputs, columns, rows), E::default());
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

    /// Lanes that a product fills: two inputs' where these go in pairs.
    pub fn lanes(&self) -> usize {
        if self.in_pairs { 2 * self.columns } else { self.columns }
    }

    /// Whether inputs go in pairs: there are [`Panels::pairs`], else there are panels.
    #[inline(always)]
    pub(super) fn in_pairs(&self) -> bool {
        self.in_pairs
    }

    /// Every two inputs' weights, those of one column side by side.
    #[inline(always)]
    pub(super) fn pairs(&self) -> &[[E; NARROW]] {
        self.values.as_chunks().0
    }

    /// Columns of a panel, [`NARROW`] or [`WIDE`].
    #[inline(always)]
    pub(super) fn width(&self) -> usize {
        width(self.columns)
    }

    /// The panel of W columns that a column lies in: every input's weights.
    #[inline(always)]
    pub(super) fn panel<const W: usize>(&self, column: usize) -> &[[E; W]] {
        &self.values.as_chunks().0[column / W * self.inputs..][..self.inputs]
    }
}

/// (rows, columns) → (columns, rows).
pub fn transposed<E: Real>(table: &[E], columns: usize) -> Vec<E> {
    let rows = table.len() / columns;
    let mut out = vec![E::default(); table.len()];
    for (row, values) in table.chunks_exact(columns).enumerate() {
        for (column, value) in values.iter().enumerate() {
            out[column * rows + row] = *value;
        }
    }
    out
}

/// Rows (two inputs, columns) as (columns, two inputs), filled up with zeros.
fn paired<E: Real>(weights: &[E], columns: usize) -> Vec<E> {
    let pairs = weights.chunks_exact(2 * columns).flat_map(|rows| {
        let mut pair = [E::default(); NARROW];
        for (input, row) in rows.chunks_exact(columns).enumerate() {
            pair.iter_mut().skip(input).step_by(2).zip(row).for_each(|(to, weight)| *to = *weight);
        }
        pair
    });
    pairs.collect()
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

        let panels = Panels::new(&weights[..6], 2);
        assert_eq!((panels.inputs(), panels.columns(), panels.width(), panels.lanes()), (3, 2, NARROW, 2));
        let mut row = [0.0; NARROW];
        row[..2].copy_from_slice(&[2.0, 3.0]);
        assert_eq!(panels.panel(0)[1], row);
    }

    #[test]
    fn transposing_swaps_rows_and_columns() {
        assert_eq!(transposed(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn no_pair_lies_in_two_rows() {
        let weights = [0.0_f32; 6 * 3];
        let lanes = [1, 2, 3].map(|rows| Panels::of_rows(&weights, 3, rows).lanes());
        assert_eq!(lanes, [6, 3, 6]);
    }

    #[test]
    fn few_columns_go_in_pairs_of_inputs() {
        let weights: Vec<f32> = (0..4 * 3).map(|value| value as f32).collect();
        let panels = Panels::new(&weights, 3);
        assert_eq!((panels.inputs(), panels.columns(), panels.lanes(), panels.pairs().len()), (4, 3, 6, 2));
        let mut row = [0.0; NARROW];
        row[..6].copy_from_slice(&[6.0, 9.0, 7.0, 10.0, 8.0, 11.0]);
        assert_eq!(panels.pairs()[1], row);
    }
}
