//! Matrices that one launch works on.

use super::CHUNK;
use crate::cuda::program::{Argument, Buffer, Builder};
use crate::potential::parameters::Place;

/// Rows and columns of a tile, by the file `muon.cu`.
pub(super) const TILE: usize = 64;

/// A table of matrices, and the extents of launches over them.
///
/// Every matrix has as many rows as columns or more: one that has fewer is transposed.
pub(super) struct Matrices {
    table: Buffer,
    /// Matrices.
    pub(super) count: usize,
    /// Elements of all.
    pub(super) elements: usize,
    /// Elements of the product of each with its transpose, together.
    pub(super) gram_elements: usize,
    /// Rows of the one that has most.
    pub(super) rows: usize,
    /// Blocks of a launch value by value.
    pub(super) chunks: usize,
    /// Tiles of the products of each with its transpose, above and on the diagonal.
    pub(super) triangles: usize,
    /// Tiles of all.
    pub(super) tiles: usize,
    /// Floating-point operations of an iteration's products: xᵀ·x, its square, and x times a factor.
    pub(super) operations: [u64; 3],
}

impl Matrices {
    /// Writes the table: `Matrix` of the file `muon.cu`.
    pub(super) fn new(builder: &mut Builder, places: &[Place]) -> Self {
        let mut contents = Vec::with_capacity(8 * places.len());
        let [mut elements, mut gram_elements, mut chunks, mut triangles, mut tiles, mut most] = [0; 6];
        let mut operations = [0; 3];
        for place in places {
            let (rows, columns) = (place.shape.rows, place.shape.columns);
            let entry = [place.start, rows, columns, elements, gram_elements, chunks, triangles, tiles];
            contents.extend(entry.map(|value| value as u64));
            let (longer, shorter) = (rows.max(columns), rows.min(columns));
            let across = shorter.div_ceil(TILE);
            elements += rows * columns;
            gram_elements += shorter * shorter;
            chunks += (rows * columns).div_ceil(CHUNK);
            triangles += across * (across + 1) / 2;
            tiles += longer.div_ceil(TILE) * across;
            most = most.max(longer);
            // Two a multiply-accumulate; of symmetric products half, with the diagonal.
            let (longer, shorter) = (longer as u64, shorter as u64);
            let symmetric = shorter * (shorter + 1);
            let of_matrix = [longer * symmetric, shorter * symmetric, 2 * longer * shorter * shorter];
            operations.iter_mut().zip(of_matrix).for_each(|(all, one)| *all += one);
        }
        let (table, count) = (builder.table(contents), places.len());
        Matrices { table, count, elements, gram_elements, rows: most, chunks, triangles, tiles, operations }
    }

    /// The arguments of a kernel that name them.
    pub(super) fn arguments(&self) -> [Argument; 2] {
        [self.table.into(), self.count.into()]
    }
}
