//! The class: 1 at its index, and 0 elsewhere.

use super::{Features, Operands};
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::Class;

/// (N, 1, 1, classes): what a pass begins with, [`features`] or their tangents, which are zero.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Class,
    operands: Operands<'_, E, D>,
    _: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    operands.inputs[0].clone()
}

/// A 1 at the class of each of `samples` samples, if it has one.
pub(crate) fn features<E: Dtype>(class: Class, samples: usize, classes: &[Option<u16>]) -> Features<E> {
    let count = usize::from(class.classes);
    let mut values = vec![E::default(); samples * count];
    for (row, class) in values.chunks_exact_mut(count).zip(classes) {
        if let Some(class) = class {
            row[usize::from(*class)] = E::from_f64(1.0).unwrap_or_default();
        }
    }
    Features { slopes: vec![E::default(); values.len()], values, count }
}
