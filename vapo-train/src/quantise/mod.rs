//! From float parameters to a model file.
//!
//! Weights become integers with a scale for each output channel, symmetric, rounded to nearest: weight ≈ value·scale. With 8
//! bits, scale = largest magnitude of the channel / 127; with fewer, `scales` looks for the least squared error. Biases stay
//! f32. Scales keep 17 bits of their 24: a value times its scale is exact in f32, and quantising what was quantised changes
//! nothing.

mod scales;

use crate::potential::parameters::{Layout, Place};
use serde::{Deserialize, Serialize};
use std::fmt;
use vapo_format::matrix::{Weights, floats};
use vapo_format::writer::{Values, Writer, file_bytes};
use vapo_format::{Architecture, Arithmetic, Bits, Encoding, Error, Model};

/// Weights that a training ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 8 bits
    #[default]
    Int8,
    /// 6 bits, but 8 in matrices of at most 16 input channels
    Int6,
    /// 4 bits, but 8 in matrices of at most 16 input channels
    Int4,
}

impl Precision {
    /// Every one.
    pub const ALL: [Precision; 3] = [Precision::Int8, Precision::Int6, Precision::Int4];

    /// Bits of a weight.
    pub fn bits(self) -> Bits {
        match self {
            Precision::Int8 => Bits::Eight,
            Precision::Int6 => Bits::Six,
            Precision::Int4 => Bits::Four,
        }
    }

    /// How a model of float arithmetic stores such weights.
    pub fn encoding(self) -> Encoding {
        Encoding::of(Arithmetic::Float, self.bits())
    }
}

/// `int8`, `int6` or `int4`.
impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.encoding().fmt(f)
    }
}

/// A whole model file.
///
/// # Errors
/// [`Error::Architecture`], or [`Error::Number`] for a parameter that is not finite, or so large that its scale is none of
/// the format's. [`Error::Calibration`] for integer arithmetic.
///
/// # Panics
/// If there are not as many parameters as the architecture has.
pub fn model_file(architecture: &Architecture, parameters: &[f32], encoding: Encoding) -> Result<Vec<u8>, Error> {
    let layout = Layout::new(architecture);
    assert_eq!(parameters.len(), layout.len(), "parameters of another architecture");
    let mut file = vec![0; file_bytes(architecture, encoding)?];
    let mut writer = Writer::new(&mut file, architecture, encoding)?;
    for place in &layout.matrices {
        let (weights, biases) = (&parameters[place.weight()], &parameters[place.bias()]);
        match place.shape.bits(encoding) {
            None => writer.matrix(biases, Values::Float32(weights))?,
            Some(bits) => {
                let (values, scales) = quantise(weights, place, bits);
                writer.matrix(biases, Values::Int8 { values: &values, scales: &scales })?;
            }
        }
    }
    writer.finish()?;
    Ok(file)
}

/// The parameters that a model file of `parameters` holds, in float.
///
/// # Panics
/// If there are not as many parameters as the layout has.
pub fn rounded(layout: &Layout, parameters: &[f32], precision: Precision) -> Vec<f32> {
    assert_eq!(parameters.len(), layout.len(), "parameters of another architecture");
    let mut rounded = parameters.to_vec();
    for place in &layout.matrices {
        let bits = place.shape.bits(precision.encoding()).unwrap_or(precision.bits());
        let (values, scales) = quantise(&parameters[place.weight()], place, bits);
        let rows =
            rounded[place.weight()].chunks_exact_mut(place.shape.columns).zip(values.chunks_exact(place.shape.columns));
        for (row, values) in rows {
            let values = values.iter().zip(&scales).map(|(value, scale)| f32::from(*value) * scale);
            row.iter_mut().zip(values).for_each(|(weight, value)| *weight = value);
        }
    }
    rounded
}

/// The parameters of a model of float arithmetic, as numbers; none of one of integer arithmetic.
pub fn parameters(model: &Model<'_>) -> Option<Vec<f32>> {
    let mut parameters = Vec::new();
    for (_, matrix) in model.matrices() {
        match matrix.weights {
            Weights::Float32 { values } => parameters.extend(floats(values)),
            Weights::Scaled { values, scales } => {
                let scales: Vec<f32> = floats(scales).collect();
                let values = values.first(matrix.rows * matrix.columns).zip(scales.iter().cycle());
                parameters.extend(values.map(|(value, scale)| f32::from(value) * scale));
            }
            Weights::Integer { .. } => return None,
        }
        parameters.extend(matrix.biases());
    }
    Some(parameters)
}

/// (rows, columns) weights → values of so many bits, and a scale a column. A column of zeros has scale 0.
fn quantise(weights: &[f32], place: &Place, bits: Bits) -> (Vec<i8>, Vec<f32>) {
    let (columns, most) = (place.shape.columns, f32::from(bits.most()));
    let scales = match bits {
        Bits::Eight => scales::of_largest(weights, columns, most),
        Bits::Six | Bits::Four => scales::of_least_error(weights, columns, most),
    };
    let value = |(weight, scale): (&f32, &f32)| {
        if *scale > 0.0 { (weight / scale).round().clamp(-most, most) as i8 } else { 0 }
    };
    let values = weights.chunks_exact(columns).flat_map(|row| row.iter().zip(&scales).map(value)).collect();
    (values, scales)
}

#[cfg(test)]
mod tests;
