//! Numbers from Python and to it.
//!
//! What comes is copied before Python's lock is released, since others may write to it then. What goes is copied after it was
//! taken again.

use crate::error::Failure;
use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// The numbers of an array, in its own order.
pub(crate) fn numbers<T: Element>(array: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    PyBuffer::<T>::get(array)?.to_vec(array.py())
}

/// So many zeros.
pub(crate) fn zeros<T: Default + Clone>(count: usize) -> Result<Vec<T>, Failure> {
    let mut values = Vec::new();
    values.try_reserve_exact(count)?;
    values.resize(count, T::default());
    Ok(values)
}

/// The bytes of numbers, which NumPy makes an array of.
pub(crate) fn floats<'py>(py: Python<'py>, values: &[f32]) -> PyResult<Bound<'py, PyByteArray>> {
    PyByteArray::new_with(py, size_of_val(values), |bytes| {
        bytes.chunks_exact_mut(4).zip(values).for_each(|(bytes, value)| bytes.copy_from_slice(&value.to_ne_bytes()));
        Ok(())
    })
}
