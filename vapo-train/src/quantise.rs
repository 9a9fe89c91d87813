//! From float parameters to a model file.
//!
//! Weights become i8 with a scale for each output channel, symmetric, rounded to nearest: weight ≈ value·scale with
//! scale = largest magnitude of the channel / 127. Biases stay f32. Scales keep 17 bits of their 24, rounded up: a value times
//! its scale is exact in f32, and quantising what was quantised changes nothing.

use crate::potential::parameters::{Layout, Place};
use vapo_format::matrix::{Weights, floats};
use vapo_format::writer::{Values, Writer, file_bytes};
use vapo_format::{Architecture, Encoding, Error, Model};

/// Largest magnitude of a quantised weight.
const LARGEST: f32 = 127.0;

/// A whole model file.
///
/// # Errors
/// [`Error::Architecture`], or [`Error::Number`] for a parameter that is not finite, or so large that its scale is none of
/// the format's.
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
        match encoding {
            Encoding::Float32 => writer.matrix(biases, Values::Float32(weights))?,
            Encoding::Int8 => {
                let (values, scales) = quantise(weights, place);
                writer.matrix(biases, Values::Int8 { values: &values, scales: &scales })?;
            }
            Encoding::Integer => return Err(Error::Calibration),
        }
    }
    writer.finish()?;
    Ok(file)
}

/// The parameters that an int8 model file of `parameters` holds, in float.
///
/// # Panics
/// If there are not as many parameters as the layout has.
pub fn rounded(layout: &Layout, parameters: &[f32]) -> Vec<f32> {
    assert_eq!(parameters.len(), layout.len(), "parameters of another architecture");
    let mut rounded = parameters.to_vec();
    for place in &layout.matrices {
        let (values, scales) = quantise(&parameters[place.weight()], place);
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
                let rows = values.chunks_exact(matrix.columns).flat_map(|row| row.iter().zip(&scales));
                parameters.extend(rows.map(|(value, scale)| f32::from(*value as i8) * scale));
            }
            Weights::Integer { .. } => return None,
        }
        parameters.extend(matrix.biases());
    }
    Some(parameters)
}

/// (rows, columns) weights → i8 values, and a scale a column. A column of zeros has scale 0.
fn quantise(weights: &[f32], place: &Place) -> (Vec<i8>, Vec<f32>) {
    let mut scales = vec![0.0f32; place.shape.columns];
    for row in weights.chunks_exact(place.shape.columns) {
        for (scale, weight) in scales.iter_mut().zip(row) {
            // Not `max`, which would hide a weight that is not a number from the writer's check. Nothing exceeds one.
            if weight.abs() > *scale || weight.is_nan() {
                *scale = weight.abs();
            }
        }
    }
    scales.iter_mut().for_each(|scale| *scale = of_17_bits(*scale / LARGEST));
    let value = |(weight, scale): (&f32, &f32)| if *scale > 0.0 { (weight / scale).round() as i8 } else { 0 };
    let values = weights.chunks_exact(place.shape.columns).flat_map(|row| row.iter().zip(&scales).map(value)).collect();
    (values, scales)
}

/// The next number up whose last seven bits are zero; itself, if it is not finite.
fn of_17_bits(scale: f32) -> f32 {
    const REST: u32 = (1 << 7) - 1;
    if scale.is_finite() { f32::from_bits((scale.to_bits() + REST) & !REST) } else { scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vapo_format::layer::TIME_FEATURES;
    use vapo_format::{Block, Homotopy, Shape, encoder};

    fn architecture() -> Architecture {
        let image = Shape { channels: 1, height: 2, width: 2 };
        let blocks = [Block::Conv { channels: 5 }, Block::Head { channels: 2 }];
        encoder::architecture(image, Homotopy::Bayes, 3, &blocks).unwrap()
    }

    #[test]
    fn int8_weights_are_within_half_a_step_of_float_ones() {
        let architecture = architecture();
        let layout = Layout::new(&architecture);
        let parameters: Vec<f32> = (0..layout.len()).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let file = model_file(&architecture, &parameters, Encoding::Int8).unwrap();
        let model = Model::parse(&file).unwrap();
        assert_eq!(layout.matrices.len(), model.matrices().count());
        let rounded = rounded(&layout, &parameters);
        for (place, (_, matrix)) in layout.matrices.iter().zip(model.matrices()) {
            assert_eq!(matrix.biases().collect::<Vec<_>>(), &parameters[place.bias()]);
            assert_eq!(rounded[place.bias()], parameters[place.bias()]);
            let Weights::Scaled { values, scales } = matrix.weights else { panic!("not int8") };
            let scales: Vec<f32> = floats(scales).collect();
            for (i, (value, weight)) in values.iter().zip(&parameters[place.weight()]).enumerate() {
                let (scale, value) = (scales[i % place.shape.columns], f32::from(*value as i8));
                assert!((value * scale - weight).abs() <= 0.5001 * scale, "{value}·{scale} is far from {weight}");
                assert!(value.abs() <= LARGEST);
                assert_eq!(rounded[place.weight()][i], value * scale);
            }
        }
    }

    #[test]
    fn quantising_twice_is_quantising_once() {
        let architecture = architecture();
        let layout = Layout::new(&architecture);
        let mut generator = crate::arithmetic::random::generator(5);
        for size in [1e-6, 0.3, 40.0] {
            let parameters: Vec<f32> = layout.initial(&mut generator).iter().map(|value| size * value).collect();
            let once = rounded(&layout, &parameters);
            assert!(once != parameters);
            assert_eq!(rounded(&layout, &once), once);
            let file = |parameters: &[f32]| model_file(&architecture, parameters, Encoding::Int8).unwrap();
            assert_eq!(file(&parameters), file(&once));
            assert_eq!(super::parameters(&Model::parse(&file(&parameters)).unwrap()), Some(once));
        }
    }

    #[test]
    fn zero_columns_have_scale_zero_and_bad_numbers_are_refused() {
        let architecture = architecture();
        let mut parameters = vec![0.0; Layout::new(&architecture).len()];
        let file = model_file(&architecture, &parameters, Encoding::Int8).unwrap();
        for (_, matrix) in Model::parse(&file).unwrap().matrices() {
            let Weights::Scaled { values, scales } = matrix.weights else { panic!("not int8") };
            assert!(values.iter().all(|value| *value == 0) && floats(scales).all(|scale| scale == 0.0));
        }
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for (index, matrix) in [(0, 0), (TIME_FEATURES * 3 + 3, 1)] {
                parameters[index] = bad;
                for encoding in [Encoding::Int8, Encoding::Float32] {
                    assert_eq!(model_file(&architecture, &parameters, encoding), Err(Error::Number { matrix }));
                }
                parameters[index] = 0.0;
            }
        }
        // Finite, but its scale is so large that 128 times it is not.
        parameters[0] = f32::MAX;
        assert_eq!(model_file(&architecture, &parameters, Encoding::Int8), Err(Error::Number { matrix: 0 }));
        assert!(model_file(&architecture, &parameters, Encoding::Float32).is_ok());
        parameters[0] = 1e38;
        let file = model_file(&architecture, &parameters, Encoding::Int8).unwrap();
        let Weights::Scaled { values, scales } = Model::parse(&file).unwrap().matrices().next().unwrap().1.weights else {
            panic!("not int8")
        };
        let weight = f32::from(values[0] as i8) * floats(scales).next().unwrap();
        assert!((weight / 1e38 - 1.0).abs() < 1e-3, "{weight}");
    }
}
