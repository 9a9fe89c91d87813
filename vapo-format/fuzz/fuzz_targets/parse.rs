//! Parses arbitrary bytes. Whatever parses must be writable again as the same bytes.
//!
//! `tests/fuzz` builds and runs it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vapo_format::matrix::{Weights, floats};
use vapo_format::writer::{Values, Writer, file_bytes};
use vapo_format::{Error, Model, threshold};

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
    if let Ok(model) = Model::parse(bytes) {
        assert_eq!(written(&model).as_deref(), Ok(bytes));
    }
}

/// The model's file, made of every number that its matrices give.
fn written(model: &Model<'_>) -> Result<Vec<u8>, Error> {
    let threshold = model.threshold();
    let length = file_bytes(model.architecture(), model.encoding())? + threshold.map_or(0, |_| threshold::BYTES);
    let mut file = vec![0xa5; length];
    let mut writer = Writer::with_threshold(&mut file, model.architecture(), model.encoding(), threshold)?;
    for matrix in model.matrices() {
        let biases: Vec<f32> = matrix.biases().collect();
        match matrix.weights {
            Weights::Int8 { values, scales } => {
                let values: Vec<i8> = values.iter().map(|&byte| byte.cast_signed()).collect();
                let scales: Vec<f32> = floats(scales).collect();
                writer.matrix(&biases, Values::Int8 { values: &values, scales: &scales })?;
            }
            Weights::Float32 { values } => {
                let values: Vec<f32> = floats(values).collect();
                writer.matrix(&biases, Values::Float32(&values))?;
            }
        }
    }
    writer.finish()?;
    Ok(file)
}
