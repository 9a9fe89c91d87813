//! Models of integer arithmetic: what is written is read, what has no shifts is refused.

use crate::graphs::architectures;
use crate::models::{
    EXAMPLE_CALIBRATION, Numbers, OwnedWeights, THRESHOLD, example, example_integer, random_numbers, rewrite,
    thresholds, write_integer,
};
use crate::rules::{graph, node};
use crate::words;
use proptest::prelude::*;
use vapo_format::fixed_point::Shifts;
use vapo_format::layer::{Conv, Readout, Signal, Time};
use vapo_format::matrix::{Weights, halves, integers};
use vapo_format::writer::{Values, Writer, file_bytes, renew, replace_threshold};
use vapo_format::{Architecture, Arithmetic, Calibration, Encoding, Error, Exponents, Model, threshold};

pub(crate) const fn at(value: i8, cotangent: i8) -> Exponents {
    Exponents { value, cotangent }
}

#[test]
fn example_reads_as_written() {
    let (encoder, matrices) = example();
    let file = example_integer(None);
    assert_eq!(file_bytes(&encoder.architecture(), Encoding::Integer), Ok(file.len()));
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.architecture(), encoder.architecture());
    assert_eq!((model.version(), model.encoding(), model.arithmetic()), (2, Encoding::Integer, Arithmetic::Integer));
    assert_eq!(model.calibration(), Some(EXAMPLE_CALIBRATION.digest));
    assert!(model.exponents().eq(EXAMPLE_CALIBRATION.exponents.iter().copied()));
    let expected = [
        // Biases, multipliers forward and in reverse, shifts: nothing goes in reverse through what does not depend on the signal.
        (vec![1024], vec![0x4000], vec![0], [5, 0, 0]),
        (vec![-512], vec![0x4000], vec![0], [1, 0, 0]),
        (vec![0], vec![0x4000], vec![0x4000], [2, 15, 2]),
        (vec![256], vec![0x4000], vec![0x4000], [1, 15, 6]),
        (vec![256, -256], vec![0x4000, 0x2000], vec![0, 0], [0, 0, 0]),
    ];
    for (((shape, matrix), expected), numbers) in model.matrices().zip(expected).zip(matrices) {
        let Weights::Integer { words, forward, reverse, shifts } = matrix.weights else { panic!("{shape}") };
        let Shifts { forward: n, reverse: m, sum: k } = shifts;
        let found =
            (integers(matrix.biases).collect(), halves(forward).collect(), halves(reverse).collect(), [n, m, k]);
        assert_eq!(found, expected, "{shape}");
        let OwnedWeights::Int8 { values, .. } = numbers.weights else { panic!("{shape}") };
        assert_eq!(words::row_major(&shape, words), values, "{shape}");
    }
}

/// Bytes of the matrices stay where a threshold comes or goes, and where a model is written anew.
#[test]
fn matrices_keep_their_bytes() {
    let (file, thresholded) = (example_integer(None), example_integer(Some(THRESHOLD)));
    let [model, other] = [&file, &thresholded].map(|file| Model::parse(file).unwrap());
    assert_eq!((model.threshold(), other.threshold()), (None, Some(THRESHOLD)));
    let mut added = vec![0xa5; file.len() + threshold::BYTES];
    assert_eq!(replace_threshold(&model, Some(THRESHOLD), &mut added), Ok(added.len()));
    assert_eq!(added, thresholded);
    let mut removed = vec![0xa5; file.len()];
    assert_eq!(replace_threshold(&other, None, &mut removed), Ok(removed.len()));
    assert_eq!(removed, file);
    for (model, file) in [(model, &file), (other, &thresholded)] {
        let mut renewed = vec![0xa5; file.len()];
        assert_eq!(renew(&model, &mut renewed), Ok(file.len()));
        assert_eq!(&renewed, file);
        let short = file.len() - 1;
        let refused = Err(Error::TooShort { expected: file.len(), found: short });
        assert_eq!(renew(&model, &mut vec![0; short]), refused);
        assert_eq!((model.weights().as_ptr().addr() - file.as_ptr().addr()) % 4, 0);
    }
}

/// A plan holds exponents: other ones are another model to it. What they were measured on is not.
#[test]
fn fingerprints() {
    let (encoder, matrices) = example();
    let fingerprint = |exponents: &[Exponents], digest| {
        let file = write_integer(&encoder.architecture(), Calibration { exponents, digest }, None, &matrices).unwrap();
        Model::parse(&file).unwrap().fingerprint()
    };
    let good = EXAMPLE_CALIBRATION.exponents;
    let own = fingerprint(good, 0);
    assert_eq!(fingerprint(good, 1), own);
    for (node, other) in [(0, at(11, 2)), (0, at(12, 1)), (9, at(9, 0))] {
        let mut exponents = good.to_vec();
        exponents[node] = other;
        assert_ne!(fingerprint(&exponents, 0), own, "{node}");
    }
    let float = crate::models::example_file(Encoding::Int8, None);
    assert_ne!(Model::parse(&float).unwrap().fingerprint(), own);
}

/// Only the writer of integer arithmetic takes a calibration, and it takes i8 weights.
#[test]
fn other_writers() {
    let (encoder, _) = example();
    let architecture = encoder.architecture();
    let mut buffer = vec![0; 1024];
    let refused = Writer::new(&mut buffer, &architecture, Encoding::Integer).map(drop);
    assert_eq!(refused, Err(Error::Calibration));
    let refused = Writer::with_threshold(&mut buffer, &architecture, Encoding::Integer, Some(THRESHOLD)).map(drop);
    assert_eq!(refused, Err(Error::Calibration));
    let mut writer = Writer::integer(&mut buffer, &architecture, Encoding::Integer, EXAMPLE_CALIBRATION, None).unwrap();
    assert_eq!(writer.matrix(&[0.0], Values::Float32(&[0.5; 32])), Err(Error::Extent { matrix: 0 }));
    let expected = example_integer(None).len();
    for found in [0, 8, 104, expected - 1] {
        let refused =
            Writer::integer(&mut buffer[..found], &architecture, Encoding::Integer, EXAMPLE_CALIBRATION, None)
                .map(drop);
        assert_eq!(refused, Err(Error::TooShort { expected, found }));
    }
}

/// The numbers and exponents of the example, with one thing changed.
fn example_with(change: impl FnOnce(&mut [Numbers], &mut [Exponents])) -> Result<Vec<u8>, Error> {
    let (encoder, mut matrices) = example();
    let mut exponents = EXAMPLE_CALIBRATION.exponents.to_vec();
    change(&mut matrices, &mut exponents);
    let calibration = Calibration { exponents: &exponents, ..EXAMPLE_CALIBRATION };
    write_integer(&encoder.architecture(), calibration, None, &matrices)
}

fn shifts(file: &[u8], index: usize) -> Shifts {
    let model = Model::parse(file).unwrap();
    let Weights::Integer { shifts, .. } = model.matrices().nth(index).unwrap().1.weights else { panic!("integer") };
    shifts
}

#[test]
fn shifts_that_integers_do_not_have() {
    let value = |node: usize, value: i8| example_with(|_, exponents| exponents[node].value = value);
    let cotangent = |node: usize, cotangent: i8| example_with(|_, exponents| exponents[node].cotangent = cotangent);
    // Node 9 reads node 5, of exponent 9, by scales of at most 1/8.
    assert_eq!(shifts(&value(9, 10).unwrap(), 4).forward, 0);
    assert_eq!(value(9, 11), Err(Error::Shift { matrix: 4 }));
    assert_eq!(shifts(&value(9, -20).unwrap(), 4).forward, 30);
    assert_eq!(shifts(&value(9, -40).unwrap(), 4).forward, 31);
    // Node 6 reads the signal by a scale of 1/4, and its cotangent has an exponent of 3.
    assert_eq!(shifts(&cotangent(0, 4).unwrap(), 2).sum, 0);
    assert_eq!(cotangent(0, 5), Err(Error::Shift { matrix: 2 }));
    assert_eq!(shifts(&cotangent(0, -27).unwrap(), 2).sum, 31);
    assert_eq!(shifts(&cotangent(0, -40).unwrap(), 2).sum, 31);
    // Nothing goes in reverse through node 2: the largest scales have no shift too few.
    let large = example_with(|matrices, exponents| {
        matrices[0].weights = OwnedWeights::Int8 { values: vec![1; 32], scales: vec![3.0] };
        exponents[2].value = 11;
    });
    assert_eq!(shifts(&large.unwrap(), 0), Shifts { forward: 0, reverse: 0, sum: 0 });
    // Without weights there is nothing to shift.
    let none = example_with(|matrices, exponents| {
        matrices[2].weights = OwnedWeights::Int8 { values: vec![0; 9], scales: vec![0.0] };
        exponents[0] = at(-40, 40);
    });
    assert_eq!(shifts(&none.unwrap(), 2), Shifts::default());
}

#[test]
fn biases_that_integers_do_not_have() {
    // Of the exponent 10, these are 2^29.
    let end = 2.0_f32.powi(19);
    let bias = |bias: f32| example_with(|matrices, _| matrices[2].biases[0] = bias);
    for refused in [end, -end, 1e30, -1e30, f32::MAX] {
        assert_eq!(bias(refused), Err(Error::Shift { matrix: 2 }), "{refused}");
    }
    for (value, expected) in [(end.next_down(), (1 << 29) - 32), (-end.next_down(), 32 - (1 << 29)), (0.5, 512)] {
        let file = bias(value).unwrap();
        let model = Model::parse(&file).unwrap();
        assert_eq!(integers(model.matrices().nth(2).unwrap().1.biases).collect::<Vec<_>>(), [expected]);
    }
    // Halves go up.
    for (value, expected) in [(1.5, 2), (-1.5, -1), (2.49, 2), (-2.51, -3)] {
        let file = bias(value / 1024.0).unwrap();
        let model = Model::parse(&file).unwrap();
        assert_eq!(integers(model.matrices().nth(2).unwrap().1.biases).collect::<Vec<_>>(), [expected], "{value}");
    }
}

#[test]
fn magnitudes_that_sums_do_not_hold() {
    // A convolution of a signal between so many channels, all weights the same but the first.
    let written = |[input, output]: [u16; 2], window: [u8; 2], first: i8, value: i8| {
        let conv = Conv { window, stride: [1, 1], channels: output };
        let factors = Conv::linear(output + 1);
        let nodes = [
            node(Signal, &[]),
            node(Time { features: 2 }, &[]),
            node(factors, &[]),
            node(conv, &[0]),
            node(Readout, &[3, 2, 0]),
        ];
        let architecture = graph((input, 1, 1), &nodes);
        let mut matrices = random_numbers(&architecture, Encoding::Integer, 1);
        let mut values = vec![value; usize::from(input) * usize::from(output) * conv.taps()];
        values[0] = first;
        let scales = vec![0.01; output.into()];
        matrices[1].weights = OwnedWeights::Int8 { values, scales };
        let exponents = [at(9, 2), at(9, 0), at(9, 0), at(9, 2), at(0, 0)];
        write_integer(&architecture, Calibration { exponents: &exponents, digest: 0 }, None, &matrices).map(drop)
    };
    let refused = |found| Err(Error::Magnitude { matrix: 1, found });
    // 516 · 127 + 3 = 65,535: of an output's inputs, then of an input's outputs.
    for channels in [[517, 1], [1, 517]] {
        assert_eq!(written(channels, [1, 1], 3, 127), Ok(()));
        assert_eq!(written(channels, [1, 1], -3, -127), Ok(()));
        assert_eq!(written(channels, [1, 1], 4, 127), refused(65_536));
        assert_eq!(written(channels, [1, 1], -4, -127), refused(65_536));
        assert_eq!(written(channels, [1, 1], -128, -128), refused(517 * 128));
    }
    // All pixels of the window count, in both directions: 57 · 9 · 127 + 6 · 127 + 19 is not reached, 58 · 9 is too much.
    for channels in [[57, 1], [1, 57]] {
        assert_eq!(written(channels, [3, 3], 127, 127), Ok(()));
        let channels = channels.map(|channels: u16| if channels == 57 { 58 } else { 1 });
        assert_eq!(written(channels, [3, 3], 127, 127), refused(58 * 9 * 127));
    }
}

/// Every byte after the shifts and past the last input or output is zero; every other one may be anything.
#[test]
fn bytes_that_are_no_weights_are_zero() {
    for (window, input, output) in [([1, 1], 3, 2), ([1, 3], 3, 3), ([3, 3], 2, 3), ([3, 1], 1, 1), ([3, 3], 4, 2)] {
        let architecture = words::architecture(window, false, input, output);
        let (file, shape, start) = words::file(&architecture, 9);
        let of_weights: Vec<usize> = words::places(&shape).collect();
        let bytes = words::word_bytes(&shape);
        assert!(of_weights.len() == shape.rows * shape.columns && of_weights.iter().all(|&place| place < bytes));
        let mut damaged = file.clone();
        for place in 0..bytes {
            damaged[start + place] ^= 0x81;
            crate::corruption::fix_checksum(&mut damaged);
            let expected = if of_weights.contains(&place) { Ok(()) } else { Err(Error::Padding { matrix: 1 }) };
            assert_eq!(Model::parse(&damaged).map(drop), expected, "byte {place} of {shape:?}");
            damaged[start + place] ^= 0x81;
        }
        damaged[start - 1] = 1;
        crate::corruption::fix_checksum(&mut damaged);
        assert_eq!(Model::parse(&damaged).map(drop), Err(Error::Padding { matrix: 1 }));
    }
}

/// Exponents that have shifts for every kind: of values that fall from node to node, and of one cotangent.
fn falling(architecture: &Architecture, seed: u64) -> Vec<Exponents> {
    let (mut exponents, mut state): (Vec<Exponents>, u64) = (Vec::new(), seed);
    for placed in architecture.walk() {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let of_inputs = placed.edges.iter().map(|&edge| exponents[usize::from(edge)].value);
        let value = (of_inputs.min().unwrap_or(13) - ((state >> 40) & 1) as i8).max(4);
        let cotangent = if placed.output.of_signal { seed as i8 % 20 } else { 0 };
        exponents.push(if placed.inputs().len() == 3 { at(0, 0) } else { at(value, cotangent) });
    }
    exponents
}

proptest! {
    #[test]
    fn random_models_read_as_written(architecture in architectures(), threshold in thresholds(), seed: u64, digest: u32) {
        let matrices = random_numbers(&architecture, Encoding::Integer, seed);
        let exponents = falling(&architecture, seed);
        let file = write_integer(&architecture, Calibration { exponents: &exponents, digest }, threshold, &matrices).unwrap();
        let model = Model::parse(&file).unwrap();
        prop_assert_eq!((model.threshold(), model.calibration()), (threshold, Some(digest)));
        prop_assert_eq!(&model.architecture(), &architecture);
        prop_assert!(model.exponents().eq(exponents.iter().copied()));
        prop_assert_eq!(rewrite(&model).unwrap(), &file[..]);
        for ((shape, matrix), numbers) in model.matrices().zip(matrices) {
            let (Weights::Integer { words, .. }, OwnedWeights::Int8 { values, .. }) = (matrix.weights, numbers.weights) else {
                panic!("{shape}")
            };
            prop_assert_eq!(words::row_major(&shape, words), values);
        }
    }
}
