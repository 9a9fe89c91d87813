//! What is written is read, and what is read is written again, byte for byte.

use crate::models::{architectures, digits, encodings, example, numbers, random_numbers, write};
use proptest::prelude::*;
use vapo_format::writer::file_bytes;
use vapo_format::{Encoding, Layer, Model};

#[test]
fn example_reads_as_written() {
    let (architecture, matrices) = example();
    let file = write(&architecture, Encoding::Int8, &matrices).unwrap();
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.architecture(), &architecture);
    assert_eq!(model.encoding(), Encoding::Int8);
    assert_eq!(numbers(&model), matrices);
}

#[test]
fn file_sizes_of_the_digits_potential() {
    // A header of 20 bytes. Every matrix has a multiple of four of weights, so none is padded.
    let (weights, columns) = (30_936, 377);
    assert_eq!(file_bytes(&digits(), Encoding::Int8), Ok(8 + 20 + weights + 8 * columns + 4));
    assert_eq!(file_bytes(&digits(), Encoding::Float32), Ok(8 + 20 + 4 * weights + 4 * columns + 4));
}

#[test]
fn weights_begin_at_a_multiple_of_four() {
    let mut architecture = digits();
    for layers in (1..=architecture.layers.len()).rev() {
        let file = write(&architecture, Encoding::Int8, &random_numbers(&architecture, Encoding::Int8, 1)).unwrap();
        let model = Model::parse(&file).unwrap();
        let offset = model.weights().as_ptr().addr() - file.as_ptr().addr();
        assert_eq!(offset % 4, 0, "{layers} layers");
        assert_eq!(offset + model.weights().len() + 4, file.len());
        // One layer less, and the last of the others becomes the head.
        architecture.layers.pop();
        if let Some(last) = architecture.layers.last_mut() {
            *last = Layer::Head { channels: 3 };
        }
    }
}

proptest! {
    #[test]
    fn random_models_read_as_written(architecture in architectures(), encoding in encodings(), seed: u64) {
        prop_assert_eq!(architecture.validate(), Ok(()));
        let matrices = random_numbers(&architecture, encoding, seed);
        let file = write(&architecture, encoding, &matrices).unwrap();
        let model = Model::parse(&file).unwrap();
        prop_assert_eq!(model.architecture(), &architecture);
        prop_assert_eq!(model.encoding(), encoding);
        prop_assert_eq!(&numbers(&model), &matrices);
        // Equal floats may differ in the sign of zero; equal bytes do not.
        prop_assert_eq!(write(model.architecture(), model.encoding(), &numbers(&model)).unwrap(), file);
    }
}
