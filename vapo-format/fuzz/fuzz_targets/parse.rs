//! Parses arbitrary bytes. Whatever parses must be writable again as the same bytes, or, of version 1, as the same model.
//!
//! `tests/fuzz` builds and runs it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vapo_format::matrix::{Weights, floats, halves, integers};
use vapo_format::writer::{Values, Writer, file_bytes, renew, replace_threshold};
use vapo_format::{Arithmetic, Calibration, Error, MatrixShape, Model, Packed, threshold};

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // No mutation finds a checksum, so a second try has the right one.
    let mut bytes = bytes.to_vec();
    if let Some((contents, checksum)) = bytes.split_last_chunk_mut() {
        *checksum = CRC.checksum(contents).to_le_bytes();
    }
    check(&bytes);
});

fn check(bytes: &[u8]) {
    let Ok(model) = Model::parse(bytes) else { return };
    assert_eq!(model.architecture().validate(), Ok(()));
    if let Some(structure) = model.structure() {
        assert_eq!(Model::parse_as(bytes, &structure), Ok(model));
    } else {
        assert_eq!(model.version(), 1);
    }
    let mut same = vec![0xa5; bytes.len()];
    assert_eq!(replace_threshold(&model, model.threshold(), &mut same), Ok(bytes.len()));
    assert_eq!(same, bytes);
    let mut renewed =
        vec![0xa5; file_bytes(&model.architecture(), model.encoding()).expect("it was read") + threshold::BYTES];
    let length = renew(&model, &mut renewed).expect("it was read");
    if model.arithmetic() == Arithmetic::Integer {
        // Scales are not in the file: of others the multipliers differ, and the weights do not.
        assert_eq!(&renewed[..length], bytes);
        return check_integer(&model);
    }
    let written = written(&model).expect("it was read");
    assert_eq!(written, &renewed[..length]);
    if model.version() == 1 {
        // Version 1 is not written any more: version 2 has the same model.
        let newer = Model::parse(&written).expect("it was written");
        assert_eq!((newer.version(), newer.threshold()), (2, model.threshold()));
        assert_eq!((newer.architecture(), newer.weights()), (model.architecture(), model.weights()));
    } else {
        assert_eq!(written, bytes);
    }
}

/// The model's version 2 file, made of every number that its matrices give.
fn written(model: &Model<'_>) -> Result<Vec<u8>, Error> {
    let threshold = model.threshold();
    let architecture = model.architecture();
    let length = file_bytes(&architecture, model.encoding())? + threshold.map_or(0, |_| threshold::BYTES);
    let mut file = vec![0xa5; length];
    let mut writer = Writer::with_threshold(&mut file, &architecture, model.encoding(), threshold)?;
    for (_, matrix) in model.matrices() {
        let biases: Vec<f32> = matrix.biases().collect();
        match matrix.weights {
            Weights::Scaled { values, scales } => {
                let values: Vec<i8> = values.first(matrix.rows * matrix.columns).collect();
                let scales: Vec<f32> = floats(scales).collect();
                writer.matrix(&biases, Values::Int8 { values: &values, scales: &scales })?;
            }
            Weights::Float32 { values } => {
                let values: Vec<f32> = floats(values).collect();
                writer.matrix(&biases, Values::Float32(&values))?;
            }
            Weights::Integer { .. } => unreachable!("of float arithmetic"),
        }
    }
    writer.finish()?;
    Ok(file)
}

/// Writes the weights of a model of integer arithmetic with scales that its multipliers may have come from.
fn check_integer(model: &Model<'_>) {
    let Ok(written) = written_integer(model) else { return };
    let other = Model::parse(&written).expect("it was written");
    assert_eq!((other.architecture(), other.calibration()), (model.architecture(), model.calibration()));
    assert!(other.exponents().eq(model.exponents()));
    for ((_, other), (shape, matrix)) in other.matrices().zip(model.matrices()) {
        let (Weights::Integer { words, .. }, Weights::Integer { words: expected, .. }) =
            (other.weights, matrix.weights)
        else {
            panic!("{shape}")
        };
        assert_eq!(words, expected, "{shape}");
    }
}

fn written_integer(model: &Model<'_>) -> Result<Vec<u8>, Error> {
    let (architecture, exponents) = (model.architecture(), model.exponents().collect::<Vec<_>>());
    let calibration = Calibration { exponents: &exponents, digest: model.calibration().unwrap_or_default() };
    let mut file = vec![0xa5; file_bytes(&architecture, model.encoding())?];
    let mut writer = Writer::integer(&mut file, &architecture, model.encoding(), calibration, None)?;
    for (shape, matrix) in model.matrices() {
        let Weights::Integer { words, forward, .. } = matrix.weights else { panic!("{shape}") };
        let biases: Vec<f32> = integers(matrix.biases).map(|bias| bias as f32 / 1024.0).collect();
        let scales: Vec<f32> = halves(forward).map(|multiplier| f32::from(multiplier.unsigned_abs()) / 1e6).collect();
        let values = row_major(&shape, words);
        writer.matrix(&biases, Values::Int8 { values: &values, scales: &scales })?;
    }
    writer.finish()?;
    Ok(file)
}

/// The weights of words, by the formula of the specification.
fn row_major(shape: &MatrixShape, words: Packed<'_>) -> Vec<i8> {
    let ([rows, columns], inputs, outputs) = (shape.window, shape.channels(), shape.columns);
    let weight = |at: usize| {
        let (output, input, tap) = (at % outputs, at / outputs % inputs, at / outputs / inputs);
        let word = ((output / 2 * rows + tap / columns) * inputs.div_ceil(2) + input / 2) * columns + tap % columns;
        words.get(4 * word + 2 * (input % 2) + output % 2)
    };
    (0..shape.rows * outputs).map(weight).collect()
}
