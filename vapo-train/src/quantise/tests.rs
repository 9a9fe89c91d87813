use super::*;
use crate::arithmetic::random::uniform;
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
    let rounded = rounded(&layout, &parameters, Precision::Int8);
    for (place, (_, matrix)) in layout.matrices.iter().zip(model.matrices()) {
        assert_eq!(matrix.biases().collect::<Vec<_>>(), &parameters[place.bias()]);
        assert_eq!(rounded[place.bias()], parameters[place.bias()]);
        let Weights::Scaled { values, scales } = matrix.weights else { panic!("not int8") };
        let scales: Vec<f32> = floats(scales).collect();
        for (i, weight) in parameters[place.weight()].iter().enumerate() {
            let (scale, value) = (scales[i % place.shape.columns], f32::from(values.get(i)));
            assert!((value * scale - weight).abs() <= 0.5001 * scale, "{value}·{scale} is far from {weight}");
            assert!(value.abs() <= 127.0);
            assert_eq!(rounded[place.weight()][i], value * scale);
        }
    }
}

/// 24 input channels in each convolution but the first.
fn wide() -> Architecture {
    let image = Shape { channels: 3, height: 2, width: 4 };
    let blocks = [Block::Conv { channels: 24 }, Block::Residual, Block::Head { channels: 5 }];
    encoder::architecture(image, Homotopy::Linear, 20, &blocks).unwrap()
}

#[test]
fn quantising_twice_is_quantising_once() {
    for architecture in [architecture(), wide()] {
        let layout = Layout::new(&architecture);
        let mut generator = crate::arithmetic::random::generator(5);
        for (size, precision) in [1e-6, 0.3, 40.0].iter().flat_map(|size| Precision::ALL.map(|it| (size, it))) {
            let parameters: Vec<f32> = (0..layout.len()).map(|_| size * uniform(&mut generator)).collect();
            let once = rounded(&layout, &parameters, precision);
            assert!(once != parameters);
            assert_eq!(rounded(&layout, &once, precision), once);
            let file = |parameters: &[f32]| model_file(&architecture, parameters, precision.encoding()).unwrap();
            assert_eq!(file(&parameters), file(&once));
            assert_eq!(super::parameters(&Model::parse(&file(&parameters)).unwrap()), Some(once));
        }
    }
}

/// Of normal weights: no other multiple of the largest magnitude has an error that is less by an eighth, and that itself has more.
#[test]
fn scales_of_few_bits_have_the_least_error() {
    let architecture = wide();
    let layout = Layout::new(&architecture);
    let mut noise = vec![0.0; layout.len()];
    vapo_sampler::Noise::new(crate::arithmetic::random::generator(3)).fill(&mut noise);
    let place = layout.matrices.iter().find(|place| place.shape.rows == 9 * 24).unwrap();
    let (weights, columns) = (&noise[place.weight()], place.shape.columns);
    for (precision, most) in [(Precision::Int4, 7.0), (Precision::Int6, 31.0)] {
        let rounded = &rounded(&layout, &noise, precision)[place.weight()];
        let column = |values: &[f32], column: usize| -> Vec<f32> {
            values.iter().skip(column).step_by(columns).copied().collect()
        };
        let mut gained = 0;
        for index in 0..columns {
            let (weights, rounded) = (column(weights, index), column(rounded, index));
            let error = |values: &mut dyn Iterator<Item = f32>| -> f64 {
                weights.iter().zip(values).map(|(weight, value)| f64::from(weight - value).powi(2)).sum()
            };
            let found = error(&mut rounded.iter().copied());
            let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
            let with = |scale: f32| {
                error(&mut weights.iter().map(|weight| (weight / scale).round().clamp(-most, most) * scale))
            };
            for part in 30..=110 {
                let other = with(largest / most * part as f32 / 100.0);
                assert!(found <= other / 0.875, "column {index} of {precision}: {found}, {other} at {part} %");
            }
            gained += usize::from(found < 0.9 * with(largest / most));
        }
        // 216 normal weights reach three deviations, and 15 levels suit two and a half.
        assert!(precision == Precision::Int6 || gained > columns / 2, "{gained} of {columns} columns");
    }
}

#[test]
fn narrow_matrices_have_8_bits() {
    let architecture = wide();
    let layout = Layout::new(&architecture);
    let mut generator = crate::arithmetic::random::generator(5);
    let parameters: Vec<f32> = (0..layout.len()).map(|_| uniform(&mut generator)).collect();
    let [int8, int4] = [Precision::Int8, Precision::Int4].map(|it| rounded(&layout, &parameters, it));
    let narrow: Vec<bool> = layout.matrices.iter().map(|place| int8[place.weight()] == int4[place.weight()]).collect();
    let expected: Vec<bool> = layout.matrices.iter().map(|place| place.shape.channels() <= 16).collect();
    assert_eq!(narrow, expected);
    assert!(narrow.contains(&true) && narrow.contains(&false));
    // 4 bits take at most 15 values.
    let wide = layout.matrices.iter().find(|place| place.shape.channels() > 16).unwrap();
    let mut column: Vec<f32> = int4[wide.weight()].iter().step_by(wide.shape.columns).copied().collect();
    column.sort_by(f32::total_cmp);
    column.dedup();
    assert!(column.len() <= 15, "{}", column.len());
}

#[test]
fn zero_columns_have_scale_zero_and_bad_numbers_are_refused() {
    let architecture = architecture();
    let mut parameters = vec![0.0; Layout::new(&architecture).len()];
    let file = model_file(&architecture, &parameters, Encoding::Int8).unwrap();
    for (_, matrix) in Model::parse(&file).unwrap().matrices() {
        let Weights::Scaled { values, scales } = matrix.weights else { panic!("not int8") };
        assert!(values.from(0).all(|value| value == 0) && floats(scales).all(|scale| scale == 0.0));
    }
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for (index, matrix) in [(0, 0), (TIME_FEATURES * 3 + 3, 1)] {
            parameters[index] = bad;
            for encoding in [Encoding::Int8, Encoding::Int6, Encoding::Int4, Encoding::Float32] {
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
    let weight = f32::from(values.get(0)) * floats(scales).next().unwrap();
    assert!((weight / 1e38 - 1.0).abs() < 1e-3, "{weight}");
}
