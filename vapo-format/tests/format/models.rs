//! Models for the tests, as plain vectors of numbers, and their way into a file and out of it.

use crate::version_1::Encoder;
use proptest::prelude::*;
use vapo_format::matrix::{Weights, floats};
use vapo_format::writer::{Values, Writer, file_bytes, renew};
use vapo_format::{
    Architecture, Arithmetic, Block, Calibration, Encoding, Error, Exponents, Homotopy, Matrix, MatrixShape, Model,
    Shape, Threshold, threshold,
};

/// Biases and weights of one matrix.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbers {
    pub(crate) biases: Vec<f32>,
    pub(crate) weights: OwnedWeights,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OwnedWeights {
    Int8 { values: Vec<i8>, scales: Vec<f32> },
    Float32(Vec<f32>),
}

impl OwnedWeights {
    pub(crate) fn values(&self) -> Values<'_> {
        match self {
            OwnedWeights::Int8 { values, scales } => Values::Int8 { values, scales },
            OwnedWeights::Float32(values) => Values::Float32(values),
        }
    }
}

/// The file of a model.
pub(crate) fn write(architecture: &Architecture, encoding: Encoding, matrices: &[Numbers]) -> Result<Vec<u8>, Error> {
    write_with_threshold(architecture, encoding, None, matrices)
}

/// The file of a model that may have a threshold.
pub(crate) fn write_with_threshold(
    architecture: &Architecture,
    encoding: Encoding,
    threshold: Option<Threshold>,
    matrices: &[Numbers],
) -> Result<Vec<u8>, Error> {
    let mut file = vec![0xa5; file_bytes(architecture, encoding)? + threshold.map_or(0, |_| threshold::BYTES)];
    let mut writer = Writer::with_threshold(&mut file, architecture, encoding, threshold)?;
    for matrix in matrices {
        writer.matrix(&matrix.biases, matrix.weights.values())?;
    }
    assert_eq!(writer.finish()?, file.len());
    Ok(file)
}

/// The file of a model of integer arithmetic, from i8 weights.
pub(crate) fn write_integer(
    architecture: &Architecture,
    calibration: Calibration<'_>,
    threshold: Option<Threshold>,
    matrices: &[Numbers],
) -> Result<Vec<u8>, Error> {
    write_integer_in(Encoding::Integer, architecture, calibration, threshold, matrices)
}

/// Likewise, from weights of so many bits.
pub(crate) fn write_integer_in(
    encoding: Encoding,
    architecture: &Architecture,
    calibration: Calibration<'_>,
    threshold: Option<Threshold>,
    matrices: &[Numbers],
) -> Result<Vec<u8>, Error> {
    let bytes = file_bytes(architecture, encoding)? + threshold.map_or(0, |_| threshold::BYTES);
    let mut file = vec![0xa5; bytes];
    let mut writer = Writer::integer(&mut file, architecture, encoding, calibration, threshold)?;
    for matrix in matrices {
        writer.matrix(&matrix.biases, matrix.weights.values())?;
    }
    assert_eq!(writer.finish()?, file.len());
    Ok(file)
}

/// The file of what was read from a file.
pub(crate) fn rewrite(model: &Model<'_>) -> Result<Vec<u8>, Error> {
    if model.arithmetic() == Arithmetic::Integer {
        // Scales are not in the file: its matrices are written as they are.
        let mut file = vec![0xa5; model.bytes() + model.threshold().map_or(0, |_| threshold::BYTES)];
        assert_eq!(renew(model, &mut file)?, file.len());
        return Ok(file);
    }
    write_with_threshold(&model.architecture(), model.encoding(), model.threshold(), &numbers(model))
}

/// The numbers of a model, the inverse of [`write`].
pub(crate) fn numbers(model: &Model<'_>) -> Vec<Numbers> {
    let read = |m: &Matrix<'_>| match m.weights {
        Weights::Scaled { values, scales } => {
            OwnedWeights::Int8 { values: values.first(m.rows * m.columns).collect(), scales: floats(scales).collect() }
        }
        Weights::Float32 { values } => OwnedWeights::Float32(floats(values).collect()),
        Weights::Integer { .. } => unreachable!("of float arithmetic"),
    };
    model.matrices().map(|(_, m)| Numbers { biases: m.biases().collect(), weights: read(&m) }).collect()
}

/// The same model with f32 weights, each its i8 value times its column's scale.
pub(crate) fn dequantised(matrices: &[Numbers]) -> Vec<Numbers> {
    let weights = |weights: &OwnedWeights| match weights {
        OwnedWeights::Int8 { values, scales } => {
            let scales = scales.iter().cycle(); // row-major: the column changes fastest
            OwnedWeights::Float32(values.iter().zip(scales).map(|(&value, scale)| f32::from(value) * scale).collect())
        }
        OwnedWeights::Float32(values) => OwnedWeights::Float32(values.clone()),
    };
    matrices.iter().map(|m| Numbers { biases: m.biases.clone(), weights: weights(&m.weights) }).collect()
}

/// Numbers of every magnitude for an architecture, the same for the same seed.
pub(crate) fn random_numbers(architecture: &Architecture, encoding: Encoding, seed: u64) -> Vec<Numbers> {
    let mut state = seed;
    // SplitMix64 (Steele, Lea, Flood 2014).
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut float = move || Some(f32::from_bits(next() as u32)).filter(|value| value.is_finite()).unwrap_or(0.0);
    let mut list = |length: usize| -> Vec<f32> { (0..length).map(|_| float()).collect() };
    let matrix = |shape: MatrixShape| {
        let MatrixShape { rows, columns, .. } = shape;
        // Finite, and below a limit where the top bits of the exponent that it has not are taken away.
        let below = |value: &f32, limit: f32| f32::from_bits(value.to_bits() & limit.next_down().to_bits());
        let biases = list(columns);
        let mut int8 = || list(rows * columns).iter().map(|value| value.to_bits() as i8).collect::<Vec<_>>();
        let of_bits = |value: i8| value >> (8 - shape.bits(encoding).map_or(8, |bits| bits.count()));
        match (encoding.arithmetic(), encoding.bits()) {
            (_, None) => Numbers { biases, weights: OwnedWeights::Float32(list(rows * columns)) },
            (Arithmetic::Float, _) => {
                let values = int8().into_iter().map(of_bits).collect();
                // Below 2^121.
                let scales = list(columns).iter().map(|value| below(value, 2.0)).collect();
                Numbers { biases, weights: OwnedWeights::Int8 { values, scales } }
            }
            // What becomes of them in integers.
            (Arithmetic::Integer, _) => {
                // No sum of magnitudes is too large.
                let most = 65_535 / rows.max(columns * shape.taps()).max(516) as i32;
                let values = int8().iter().map(|&value| of_bits((i32::from(value) % (most + 1)) as i8)).collect();
                // Small, so that there are shifts to exponents that are alike.
                let scales = list(columns).iter().map(|value| below(value, 2.0_f32.powi(-11))).collect();
                let biases = biases.iter().map(|bias| below(&bias.abs(), 2.0).copysign(*bias)).collect();
                Numbers { biases, weights: OwnedWeights::Int8 { values, scales } }
            }
        }
    };
    architecture.matrices().map(matrix).collect()
}

/// The files of sections 9 and 12.4 of the specification: their encoder and their numbers.
pub(crate) fn example() -> (Encoder, Vec<Numbers>) {
    let encoder = Encoder {
        signal: Shape { channels: 1, height: 2, width: 3 },
        homotopy: Homotopy::Linear,
        embedding: 1,
        blocks: [Block::Conv { channels: 1 }, Block::Head { channels: 1 }].into_iter().collect(),
    };
    let matrix = |biases: &[f32], scales: &[f32], values: &[i8]| Numbers {
        biases: biases.to_vec(),
        weights: OwnedWeights::Int8 { values: values.to_vec(), scales: scales.to_vec() },
    };
    let alternating: Vec<i8> = (1..=16).flat_map(|value| [value, -value]).collect();
    let matrices = vec![
        matrix(&[0.5], &[0.0625], &alternating),
        matrix(&[-1.0], &[0.5], &[127]),
        matrix(&[0.0], &[0.25], &[-4, -3, -2, -1, 0, 1, 2, 3, 4]),
        matrix(&[2.0], &[1.0], &[-127]),
        matrix(&[0.25, -0.25], &[0.125, 0.0625], &[3, -5]),
    ];
    (encoder, matrices)
}

/// The numbers of [`example`] in one encoding.
pub(crate) fn example_numbers(encoding: Encoding) -> Vec<Numbers> {
    let matrices = example().1;
    if encoding == Encoding::Float32 { dequantised(&matrices) } else { matrices }
}

/// The exponents of [`example`] in integer arithmetic, and what they are said to be measured on.
pub(crate) const EXAMPLE_CALIBRATION: Calibration<'_> = Calibration {
    exponents: &[
        Exponents { value: 12, cotangent: 2 },
        Exponents { value: 14, cotangent: 0 },
        Exponents { value: 11, cotangent: 0 },
        Exponents { value: 11, cotangent: 0 },
        Exponents { value: 9, cotangent: 0 },
        Exponents { value: 9, cotangent: 0 },
        Exponents { value: 10, cotangent: 3 },
        Exponents { value: 10, cotangent: 3 },
        Exponents { value: 7, cotangent: 10 },
        Exponents { value: 10, cotangent: 0 },
        Exponents { value: 0, cotangent: 0 },
    ],
    digest: 0xcafe_f00d,
};

/// The file of [`example`] in integer arithmetic.
pub(crate) fn example_integer(threshold: Option<Threshold>) -> Vec<u8> {
    let (encoder, matrices) = example();
    write_integer(&encoder.architecture(), EXAMPLE_CALIBRATION, threshold, &matrices).expect("valid")
}

/// Where the matrices of [`example_integer`] begin, without a threshold.
pub(crate) const EXAMPLE_INTEGER_MATRICES: usize = 104;

/// The threshold of the specification's examples.
pub(crate) const THRESHOLD: Threshold = Threshold { energy: -3.5, time: 0.5, false_positive_rate: 0.05 };

/// The file of [`example`], in the version that is written.
pub(crate) fn example_file(encoding: Encoding, threshold: Option<Threshold>) -> Vec<u8> {
    write_with_threshold(&example().0.architecture(), encoding, threshold, &example_numbers(encoding)).expect("valid")
}

/// Where the matrices of [`example`] begin, without a threshold, in version 1 and in version 2.
pub(crate) const EXAMPLE_MATRICES: [usize; 2] = [20, 80];

/// Files of every kind, each with the offset of its first matrix.
pub(crate) fn example_files() -> Vec<(Vec<u8>, usize)> {
    let [one, two] = EXAMPLE_MATRICES;
    let kinds = [(Encoding::Int8, None), (Encoding::Float32, None), (Encoding::Int8, Some(THRESHOLD))];
    let of_kind = |(encoding, threshold): (Encoding, Option<Threshold>)| {
        let more = threshold.map_or(0, |_| threshold::BYTES);
        let version_1 = example().0.file(encoding, threshold, &example_numbers(encoding));
        [(version_1, one + more), (example_file(encoding, threshold), two + more)]
    };
    let integers = [None, Some(THRESHOLD)].map(|threshold| {
        let more = threshold.map_or(0, |_| threshold::BYTES);
        (example_integer(threshold), EXAMPLE_INTEGER_MATRICES + more)
    });
    kinds.into_iter().flat_map(of_kind).chain(integers).collect()
}

/// The digits potential: 8×8×1 in three levels.
pub(crate) fn digits() -> Encoder {
    Encoder {
        signal: Shape { channels: 1, height: 8, width: 8 },
        homotopy: Homotopy::Linear,
        embedding: 16,
        blocks: [
            Block::Conv { channels: 8 },
            Block::Residual,
            Block::Down { channels: 16 },
            Block::Residual,
            Block::Down { channels: 32 },
            Block::Residual,
            Block::Head { channels: 32 },
        ]
        .into_iter()
        .collect(),
    }
}

/// None, or a valid threshold of any numbers.
pub(crate) fn thresholds() -> impl Strategy<Value = Option<Threshold>> {
    let threshold = (prop::num::f32::NORMAL, 0.0..1.0_f32, 1e-6..1.0_f32)
        .prop_map(|(energy, time, false_positive_rate)| Threshold { energy, time, false_positive_rate });
    prop::option::of(threshold)
}

pub(crate) fn encodings() -> impl Strategy<Value = Encoding> {
    prop_oneof![Just(Encoding::Int8), Just(Encoding::Float32), Just(Encoding::Int6), Just(Encoding::Int4)]
}

/// Those that version 1 has.
pub(crate) fn encodings_of_version_1() -> impl Strategy<Value = Encoding> {
    prop_oneof![Just(Encoding::Int8), Just(Encoding::Float32)]
}

pub(crate) fn homotopies() -> impl Strategy<Value = Homotopy> {
    prop_oneof![Just(Homotopy::Linear), Just(Homotopy::Bayes)]
}

/// Extents that halve often, and any others.
pub(crate) fn signals() -> impl Strategy<Value = Shape> {
    let height = prop_oneof![Just(1), Just(6), Just(16), 1..40_u16];
    let width = prop_oneof![Just(1), Just(12), Just(16), 1..40_u16];
    (1..6_u16, height, width).prop_map(|(channels, height, width)| Shape { channels, height, width })
}
