//! Weights as floats, and a model file made of such.

use crate::arrays::{floats, numbers, zeros};
use crate::error::{broken, refused};
use crate::model::Model;
use libm::ldexp;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};
use vapo_format::matrix::{self, Weights, halves, integers};
use vapo_format::words::words;
use vapo_format::writer::{Values, Writer, file_bytes};
use vapo_format::{Architecture, Encoding, MatrixShape};

/// Node, rows, columns, weights row by row, biases.
type Matrix<'py> = (u16, usize, usize, Bound<'py, PyByteArray>, Bound<'py, PyByteArray>);

#[pymethods]
impl Model {
    /// Every matrix, as floats. Those of integer arithmetic are the floats that its multipliers stand for.
    fn matrices<'py>(&self, py: Python<'py>) -> PyResult<Vec<Matrix<'py>>> {
        let model = &self.prepared().model;
        let exponents: Vec<i32> = model.exponents().map(|exponents| exponents.value.into()).collect();
        let reads: Vec<u16> = model.walk().map(|placed| placed.edges.first().copied().unwrap_or_default()).collect();
        let floats_of = |shape: &MatrixShape, found: &matrix::Matrix<'_>| -> PyResult<(Vec<f32>, Vec<f32>)> {
            let mut weights: Vec<f32> = zeros(found.rows.saturating_mul(found.columns))?;
            let columns = found.columns.max(1);
            let biases = match found.weights {
                Weights::Float32 { values } => {
                    weights.iter_mut().zip(matrix::floats(values)).for_each(|(to, value)| *to = value);
                    found.biases().collect()
                }
                Weights::Scaled { values, scales } => {
                    let scales: Vec<f32> = matrix::floats(scales).collect();
                    for (index, weight) in weights.iter_mut().enumerate() {
                        *weight = f32::from(values.get(index)) * scales[index % columns];
                    }
                    found.biases().collect()
                }
                Weights::Integer { words: packed, forward, shifts, .. } => {
                    let node = usize::from(shape.node);
                    let (own, input) = (exponents[node], exponents[usize::from(reads[node])]);
                    // Section 13.4 of the format: M = scale·2^(e − ex + 16 + n), B = bias·2^e.
                    let power = input - own - 16 - i32::from(shifts.forward);
                    let scales: Vec<f64> = halves(forward).map(|multiplier| ldexp(multiplier.into(), power)).collect();
                    let places = words(shape).flatten().enumerate();
                    for (index, place) in places.filter_map(|(index, place)| Some((index, place?))) {
                        weights[place] = (f64::from(packed.get(index)) * scales[place % columns]) as f32;
                    }
                    integers(found.biases).map(|bias| ldexp(bias.into(), -own) as f32).collect()
                }
            };
            Ok((weights, biases))
        };
        let all = model.matrices().map(|(shape, found)| {
            let (weights, biases) = floats_of(&shape, &found)?;
            Ok((shape.node, found.rows, found.columns, floats(py, &weights)?, floats(py, &biases)?))
        });
        all.collect()
    }
}

/// Node, rows and columns of every matrix that a network has. `architecture` is as [`Model`] has it.
///
/// # Errors
/// The architecture is none.
#[pyfunction]
pub fn shapes(architecture: &str) -> PyResult<Vec<(u16, usize, usize)>> {
    Ok(parsed(architecture)?.0.matrices().map(|shape| (shape.node, shape.rows, shape.columns)).collect())
}

/// An architecture, checked, and the bytes of its file.
fn parsed(architecture: &str) -> PyResult<(Architecture, usize)> {
    let architecture: Architecture =
        serde_json::from_str(architecture).map_err(|cause| refused(format!("the architecture: {cause}")))?;
    let bytes = file_bytes(&architecture, Encoding::Float32).map_err(refused)?;
    Ok((architecture, bytes))
}

/// The bytes of a model file of float32 weights. `architecture` is as [`Model`] has it; `matrices` are weights, row by row, and
/// biases, one pair a matrix.
///
/// # Errors
/// The architecture is none, or the matrices are not its own.
#[pyfunction]
pub fn write<'py>(
    py: Python<'py>,
    architecture: &str,
    matrices: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (architecture, bytes) = parsed(architecture)?;
    let mut file = vec![0; bytes];
    let mut writer = Writer::new(&mut file, &architecture, Encoding::Float32).map_err(refused)?;
    for (weights, biases) in matrices {
        let (weights, biases) = (numbers::<f32>(&weights)?, numbers::<f32>(&biases)?);
        writer.matrix(&biases, Values::Float32(&weights)).map_err(refused)?;
    }
    let length = writer.finish().map_err(refused)?;
    if length != file.len() {
        return Err(broken("a model file of another length than was computed"));
    }
    // What is written can be read: numbers that are not finite are found here.
    vapo_format::Model::parse(&file).map_err(refused)?;
    Ok(PyBytes::new(py, &file))
}
