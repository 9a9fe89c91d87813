//! What is written is read, and what is read is written again, byte for byte.

use crate::models::{
    THRESHOLD, architectures, digits, encodings, example, example_file, example_file_with_threshold, example_files,
    numbers, random_numbers, rewrite, thresholds, write, write_with_threshold,
};
use proptest::prelude::*;
use vapo_format::writer::{file_bytes, replace_threshold};
use vapo_format::{Encoding, Layer, Model, threshold};

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

/// A threshold is 12 bytes in the header; matrices keep theirs, at a multiple of four.
#[test]
fn a_threshold_is_added_and_taken_away() {
    let file = example_file(Encoding::Int8);
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.threshold(), None);
    let mut other = vec![0xa5; file.len() + threshold::BYTES];
    assert_eq!(replace_threshold(&model, Some(THRESHOLD), &mut other), Ok(other.len()));
    assert_eq!(other, example_file_with_threshold());
    let thresholded = Model::parse(&other).unwrap();
    assert_eq!(thresholded.threshold(), Some(THRESHOLD));
    assert_eq!((thresholded.architecture(), thresholded.weights()), (model.architecture(), model.weights()));
    assert_eq!((thresholded.weights().as_ptr().addr() - other.as_ptr().addr()) % 4, 0);
    for (file, _) in example_files() {
        let mut none = vec![0xa5; file.len() + 1];
        let length = replace_threshold(&Model::parse(&file).unwrap(), None, &mut none).unwrap();
        assert_eq!(Model::parse(&none[..length]).unwrap().threshold(), None);
        assert!(none[length..].iter().all(|&byte| byte == 0xa5));
    }
}

proptest! {
    #[test]
    fn random_models_read_as_written(
        architecture in architectures(), encoding in encodings(), threshold in thresholds(), seed: u64,
    ) {
        prop_assert_eq!(architecture.validate(), Ok(()));
        let matrices = random_numbers(&architecture, encoding, seed);
        let file = write_with_threshold(&architecture, encoding, threshold, &matrices).unwrap();
        let model = Model::parse(&file).unwrap();
        prop_assert_eq!(model.threshold(), threshold);
        prop_assert_eq!(model.architecture(), &architecture);
        prop_assert_eq!(model.encoding(), encoding);
        prop_assert_eq!(&numbers(&model), &matrices);
        // Equal floats may differ in the sign of zero; equal bytes do not.
        prop_assert_eq!(rewrite(&model).unwrap(), file);
    }
}
