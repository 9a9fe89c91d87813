//! Parses arbitrary bytes. Whatever parses must be writable again as the same bytes, or, of version 1, as the same model.
//!
//! `tests/fuzz` builds and runs it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vapo_format::matrix::{Weights, floats};
use vapo_format::writer::{Values, Writer, file_bytes, replace_threshold};
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
    let Ok(model) = Model::parse(bytes) else { return };
    assert_eq!(model.architecture().validate(), Ok(()));
    let mut same = vec![0xa5; bytes.len()];
    assert_eq!(replace_threshold(&model, model.threshold(), &mut same), Ok(bytes.len()));
    assert_eq!(same, bytes);
    let written = written(&model).expect("it was read");
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
