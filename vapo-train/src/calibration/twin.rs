//! The model of float arithmetic that has the weights of one of integer arithmetic: to compare them.
//!
//! Multipliers have 15 bits, so that a weight is within 2⁻¹⁵ of what the file was made from, but for columns whose scales
//! are far below the largest.

use crate::calibration::{Scaled, file_of};
use vapo_format::words::words;
use vapo_format::{Arithmetic, Encoding, Error, Exponents, Matrix, Model, matrix};

/// The file of scaled weights in float arithmetic with the weights of a model of integer arithmetic; none of another model.
///
/// # Errors
/// A scale beyond those of the format.
pub fn twin(model: &Model<'_>) -> Result<Option<Vec<u8>>, Error> {
    let bits = model.encoding().bits().filter(|_| model.arithmetic() == Arithmetic::Integer);
    let Some(bits) = bits else { return Ok(None) };
    let exponents: Vec<Exponents> = model.exponents().collect();
    let placed = model.walk().filter(|placed| placed.matrix().is_some());
    let matrices = model.matrices().zip(placed).map(|((shape, matrix), placed)| {
        let at = |node: u16| exponents.get(usize::from(node)).copied().unwrap_or_default();
        let (input, output) = (at(placed.edges.first().copied().unwrap_or_default()), at(placed.index));
        let biases = matrix::integers(matrix.biases)
            .map(|bias| (f64::from(bias) * power(-i32::from(output.value))) as f32)
            .collect();
        Scaled { biases, values: values(&shape, &matrix), scales: scales(&matrix, input, output) }
    });
    file_of(&model.architecture(), Encoding::of(Arithmetic::Float, bits), None, matrices).map(Some)
}

/// The scales of the columns, between activations of these exponents.
fn scales(matrix: &Matrix<'_>, input: Exponents, output: Exponents) -> Vec<f32> {
    let matrix::Weights::Integer { forward, shifts, .. } = matrix.weights else { return Vec::new() };
    let shift = i32::from(output.value) - i32::from(input.value) + 16 + i32::from(shifts.forward);
    matrix::halves(forward).map(|multiplier| (f64::from(multiplier) * power(-shift)) as f32).collect()
}

/// The weights, row-major; nothing of float weights.
pub fn values(shape: &matrix::MatrixShape, matrix: &Matrix<'_>) -> Vec<i8> {
    let mut values = vec![0; shape.rows * shape.columns];
    match matrix.weights {
        matrix::Weights::Integer { words: packed, .. } => {
            for (place, weight) in words(shape).flatten().zip(packed.from(0)) {
                if let Some(place) = place {
                    values[place] = weight;
                }
            }
            values
        }
        matrix::Weights::Scaled { values: packed, .. } => packed.first(values.len()).collect(),
        matrix::Weights::Float32 { .. } => Vec::new(),
    }
}

/// 2^exponent.
fn power(exponent: i32) -> f64 {
    libm::exp2(exponent.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::inputs::Images;
    use crate::calibration::{Settings, integer_model};
    use vapo_format::matrix::{Weights, floats};

    #[test]
    fn the_twin_has_the_weights_that_the_integers_were_made_of() {
        let file = include_bytes!("../../../vapo-sampler/tests/version-1/digits.vapo");
        let model = Model::parse(file).unwrap();
        let settings = Settings { images: 4, ..Settings::default() };
        let images = Images::new(&model, None, &settings).unwrap();
        let integer = integer_model(&model, &images, &settings, || ()).unwrap().file;
        let found = twin(&Model::parse(&integer).unwrap()).unwrap().unwrap();
        assert_eq!(twin(&model).unwrap(), None);
        let found = Model::parse(&found).unwrap();
        assert_eq!(found.architecture(), model.architecture());
        for ((_, found), (node, expected)) in found.matrices().zip(model.matrices()) {
            let (Weights::Scaled { values, scales }, Weights::Scaled { values: of_integers, scales: near }) =
                (expected.weights, found.weights)
            else {
                panic!("not int8")
            };
            assert!(values == of_integers, "{node}");
            let largest = floats(scales).fold(0.0, f32::max);
            for (scale, near) in floats(scales).zip(floats(near)) {
                // Half a unit of a multiplier whose largest is at least 2¹⁴.
                assert!((scale - near).abs() <= largest / 32_000.0, "{node}: {near} is not {scale}");
            }
            let (biases, near) = (expected.biases(), found.biases());
            for (bias, near) in biases.zip(near) {
                assert!((bias - near).abs() < 2e-3, "{node}: {near} is not {bias}");
            }
        }
    }
}
