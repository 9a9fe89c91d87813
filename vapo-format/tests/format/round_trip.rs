//! What is written is read, and what is read is written again, byte for byte.

use crate::graphs::architectures;
use crate::models::{
    THRESHOLD, digits, encodings, example, example_file, example_files, numbers, random_numbers, rewrite, thresholds,
    write, write_with_threshold,
};
use crate::rules::{graph, node};
use proptest::prelude::*;
use vapo_format::layer::{Conv, Readout, Signal, Silu, Time};
use vapo_format::writer::{file_bytes, replace_threshold};
use vapo_format::{Architecture, Encoding, Homotopy, Model, Scaling, Shape, threshold};

#[test]
fn example_reads_as_written() {
    let (encoder, matrices) = example();
    let architecture = encoder.architecture();
    let file = write(&architecture, Encoding::Int8, &matrices).unwrap();
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.version(), 2);
    assert_eq!(model.architecture(), architecture);
    assert_eq!((model.signal(), model.homotopy()), (Shape { channels: 1, height: 2, width: 3 }, Homotopy::Linear));
    assert!(model.nodes().eq(architecture.nodes.iter().cloned()) && model.walk().eq(architecture.walk()));
    assert_eq!(model.encoding(), Encoding::Int8);
    assert_eq!(numbers(&model), matrices);
}

#[test]
fn file_sizes_of_the_digits_potential() {
    // A header of 180 bytes. Every matrix has a multiple of four of weights, so none is padded.
    let (weights, columns) = (30_936, 377);
    let architecture = digits().architecture();
    assert_eq!(file_bytes(&architecture, Encoding::Int8), Ok(8 + 180 + weights + 8 * columns + 4));
    assert_eq!(file_bytes(&architecture, Encoding::Float32), Ok(8 + 180 + 4 * weights + 4 * columns + 4));
}

#[test]
fn weights_begin_at_a_multiple_of_four() {
    for count in 1..=12 {
        let mut nodes =
            vec![node(Signal, &[]), node(Time { features: 2 }, &[]), node(Conv::linear(2), &[]), node(Silu, &[0])];
        nodes.extend(vec![node(Silu, &[]); count]);
        nodes.push(node(Readout, &[nodes.len() as u16 - 1, 2, 0]));
        // A channel count of two bytes shifts all that follows by one.
        for width in [1, 200] {
            nodes[2] = node(Conv::linear(width + 1), &[]);
            let architecture = graph((width, 1, 1), &nodes);
            let file = write(&architecture, Encoding::Int8, &random_numbers(&architecture, Encoding::Int8, 1)).unwrap();
            let model = Model::parse(&file).unwrap();
            let offset = model.weights().as_ptr().addr() - file.as_ptr().addr();
            assert_eq!(offset % 4, 0, "{count} nodes, {width} channels");
            assert_eq!(offset + model.weights().len() + 4, file.len());
        }
    }
}

/// One scaling is that of every channel.
#[test]
fn scalings_read_as_written() {
    let scaling = |offset| Scaling { offset, scale: 0.5 };
    let mut architecture = example().0.architecture();
    architecture.signal.channels = 3;
    for (listed, expected) in [
        (vec![scaling(-0.0)], [scaling(-0.0); 4]),
        (vec![scaling(1.0), scaling(2.0), scaling(3.0)], [scaling(1.0), scaling(2.0), scaling(3.0), scaling(1.0)]),
    ] {
        architecture.scaling = listed.iter().copied().collect();
        let file = write(&architecture, Encoding::Int8, &random_numbers(&architecture, Encoding::Int8, 1)).unwrap();
        let model = Model::parse(&file).unwrap();
        assert_eq!(model.architecture().scaling[..], listed);
        assert_eq!([0, 1, 2, 3].map(|channel| model.scaling(channel)), expected);
        assert_eq!([0, 1, 2, 3].map(|channel| architecture.scaling(channel)), expected);
    }
}

/// What moves weights or activations has another fingerprint; a threshold, a path, a scaling and other weights have not.
#[test]
fn fingerprints() {
    let fingerprint = |file: &[u8]| Model::parse(file).unwrap().fingerprint();
    let (file, example) = (example_file(Encoding::Int8, None), example().0.architecture());
    let written = |architecture: &Architecture| {
        let weights = random_numbers(architecture, Encoding::Int8, 1);
        fingerprint(&write(architecture, Encoding::Int8, &weights).unwrap())
    };
    let scaling = [Scaling { offset: 1.0, scale: 2.0 }].into_iter().collect();
    let alike = [
        Architecture { homotopy: Homotopy::Bayes, ..example.clone() },
        Architecture { scaling, ..example.clone() },
        example.clone(),
    ];
    assert!(alike.iter().all(|architecture| written(architecture) == fingerprint(&file)));
    assert_eq!(fingerprint(&file), fingerprint(&example_file(Encoding::Int8, Some(THRESHOLD))));
    let wider = Shape { width: example.signal.width + 1, ..example.signal };
    let mut longer = example.clone();
    let read_out = longer.nodes.pop().unwrap();
    let last = longer.nodes.len() as u16;
    longer.push(Silu, &[read_out.inputs[0]]).unwrap();
    longer.push(read_out.layer, &[last, read_out.inputs[1], 0]).unwrap();
    for other in [Architecture { signal: wider, ..example }, longer] {
        assert_ne!(written(&other), fingerprint(&file));
    }
    assert_ne!(fingerprint(&file), fingerprint(&example_file(Encoding::Float32, None)));
}

/// A threshold is 12 bytes in the header; matrices keep theirs, at a multiple of four.
#[test]
fn a_threshold_is_added_and_taken_away() {
    let file = example_file(Encoding::Int8, None);
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.threshold(), None);
    let mut other = vec![0xa5; file.len() + threshold::BYTES];
    assert_eq!(replace_threshold(&model, Some(THRESHOLD), &mut other), Ok(other.len()));
    assert_eq!(other, example_file(Encoding::Int8, Some(THRESHOLD)));
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
        prop_assert_eq!(&model.architecture(), &architecture);
        prop_assert_eq!(model.encoding(), encoding);
        prop_assert_eq!(&numbers(&model), &matrices);
        // Equal floats may differ in the sign of zero; equal bytes do not.
        prop_assert_eq!(rewrite(&model).unwrap(), file);
    }
}
