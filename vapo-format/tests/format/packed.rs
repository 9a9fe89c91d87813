//! Weights of 6 and 4 bits, on file.

use crate::corruption::fix_checksum;
use crate::models::{Numbers, OwnedWeights, numbers, random_numbers, rewrite, write, write_integer_in};
use crate::specification::{all_bytes, table};
use crate::words::{architecture, row_major};
use proptest::prelude::*;
use vapo_format::encoding::NARROW;
use vapo_format::matrix::Weights;
use vapo_format::{Architecture, Bits, Calibration, Encoding, Error, Exponents, MatrixShape, Model};

/// A matrix of so many weights of a 1×1 window, which is the second of an architecture.
fn second(input: u16, output: u16) -> (Architecture, MatrixShape) {
    let architecture = architecture([1, 1], false, input, output);
    let shape = architecture.matrices().nth(1).expect("two matrices");
    (architecture, shape)
}

/// The table of the specification: groups of the same weights.
#[test]
fn groups_are_those_of_the_specification() {
    let rows = table("7.3");
    for (row, bits) in rows.iter().zip([Bits::Eight, Bits::Six, Bits::Four]) {
        assert_eq!(row[0], bits.count().to_string());
        assert_eq!(row[1], format!("{} to {}", -i16::from(bits.most()) - 1, bits.most()));
        let weights: Vec<i8> = row[2].split(", ").map(|weight| weight.parse().unwrap()).collect();
        let group = bits.pack(weights.try_into().unwrap());
        assert_eq!(group[..bits.group_bytes()], all_bytes(&vec![row.clone()]));
    }
    assert_eq!(rows.len(), 3);
}

#[test]
fn matrices_of_few_input_channels_have_8_bits() {
    for window in [[1, 1], [3, 3]] {
        for (input, expected) in [(1, Bits::Eight), (NARROW as u16, Bits::Eight), (NARROW as u16 + 1, Bits::Four)] {
            let architecture = architecture(window, false, input, 3);
            let shape = architecture.matrices().nth(1).unwrap();
            assert_eq!(shape.bits(Encoding::Int4), Some(expected));
            assert_eq!(shape.bits(Encoding::Float32), None);
            let file = write(&architecture, Encoding::Int4, &random_numbers(&architecture, Encoding::Int4, 1)).unwrap();
            let Weights::Scaled { values, .. } = Model::parse(&file).unwrap().matrices().nth(1).unwrap().1.weights
            else {
                panic!("scaled")
            };
            assert_eq!(values.bits, expected);
        }
    }
}

/// Biases and scales, groups, and zeros: 17 × 3 weights are 13 groups, the last of three.
#[test]
fn sizes_on_file() {
    let (_, shape) = second(17, 3);
    let sizes = [Encoding::Int8, Encoding::Int6, Encoding::Int4].map(|encoding| shape.bytes(encoding));
    assert_eq!(sizes, [24 + 52, 24 + 40, 24 + 28]);
    // 9 · 2 words.
    let sizes = [Encoding::Integer, Encoding::Integer6, Encoding::Integer4].map(|encoding| shape.bytes(encoding));
    assert_eq!(sizes, [28 + 72, 28 + 56, 28 + 36]);
}

#[test]
fn weights_of_more_bits_are_refused() {
    let (architecture, shape) = second(17, 3);
    for (encoding, bits) in [(Encoding::Int6, Bits::Six), (Encoding::Int4, Bits::Four)] {
        for weight in [bits.most() + 1, -bits.most() - 2] {
            let mut matrices = random_numbers(&architecture, encoding, 1);
            let mut values = vec![0; shape.rows * shape.columns];
            values[50] = weight;
            matrices[1].weights = OwnedWeights::Int8 { values, scales: vec![1.0; 3] };
            let refused = Error::Weight { matrix: 1, found: weight, bits: bits.count() };
            assert_eq!(write(&architecture, encoding, &matrices), Err(refused));
        }
    }
}

/// Written by another program, from the specification.
#[test]
fn the_fuzzer_starts_from_files_of_every_encoding_of_few_bits() {
    let seeds: [(Encoding, &[u8]); 4] = [
        (Encoding::Int6, include_bytes!("../../fuzz/seeds/int6.vapo")),
        (Encoding::Int4, include_bytes!("../../fuzz/seeds/int4.vapo")),
        (Encoding::Integer6, include_bytes!("../../fuzz/seeds/integer6.vapo")),
        (Encoding::Integer4, include_bytes!("../../fuzz/seeds/integer4.vapo")),
    ];
    for (encoding, file) in seeds {
        let model = Model::parse(file).unwrap();
        assert_eq!((model.encoding(), model.architecture()), (encoding, second(17, 3).0));
        assert_eq!(rewrite(&model).unwrap(), file);
    }
}

/// Every bit that fills the last group or lies past it is zero, and every other one may be set.
#[test]
fn bits_that_are_no_weights_are_zero() {
    let (architecture, shape) = second(17, 3);
    for (encoding, bits) in [(Encoding::Int6, 6), (Encoding::Int4, 4)] {
        let file = write(&architecture, encoding, &random_numbers(&architecture, encoding, 1)).unwrap();
        let start = file.len() - 4 - (shape.bytes(encoding) - 8 * shape.columns);
        for bit in 0..8 * (file.len() - 4 - start) {
            let mut damaged = file.clone();
            damaged[start + bit / 8] ^= 1 << (bit % 8);
            fix_checksum(&mut damaged);
            let expected = if bit < 51 * bits { Ok(()) } else { Err(Error::Padding { matrix: 1 }) };
            assert_eq!(Model::parse(&damaged).map(drop), expected, "bit {bit} of {encoding}");
        }
    }
}

/// Of that architecture.
const EXPONENTS: [Exponents; 5] = [
    Exponents { value: 9, cotangent: 2 },
    Exponents { value: 9, cotangent: 0 },
    Exponents { value: 9, cotangent: 0 },
    Exponents { value: 9, cotangent: 2 },
    Exponents { value: 0, cotangent: 0 },
];

fn integers(encoding: Encoding, architecture: &Architecture, matrices: &[Numbers]) -> Vec<u8> {
    let calibration = Calibration { exponents: &EXPONENTS, digest: 0 };
    write_integer_in(encoding, architecture, calibration, None, matrices).expect("valid")
}

/// As with bytes: what is past the last input or output, and past the last word, is zero.
#[test]
fn bits_of_words_that_are_no_weights_are_zero() {
    for (input, output) in [(17, 3), (18, 3), (17, 4), (18, 2)] {
        let (architecture, shape) = second(input, output);
        for (encoding, bits) in [(Encoding::Integer6, 6), (Encoding::Integer4, 4)] {
            let matrices = random_numbers(&architecture, encoding, 5);
            let file = integers(encoding, &architecture, &matrices);
            let start = file.len() - 4 - (shape.bytes(encoding) - 8 * shape.columns - 4);
            let places: Vec<usize> = crate::words::places(&shape).collect();
            for bit in 0..8 * (file.len() - 4 - start) {
                let mut damaged = file.clone();
                damaged[start + bit / 8] ^= 1 << (bit % 8);
                fix_checksum(&mut damaged);
                let expected = if places.contains(&(bit / bits)) { Ok(()) } else { Err(Error::Padding { matrix: 1 }) };
                assert_eq!(Model::parse(&damaged).map(drop), expected, "bit {bit} of {encoding}, {shape:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn wide_matrices_read_as_written(
        window in prop_oneof![Just(([1, 1], true)), Just(([3, 3], false)), Just(([2, 3], true)), Just(([1, 3], false))],
        input in 15..21_u16,
        output in 1..5_u16,
        seed: u64,
    ) {
        let architecture = architecture(window.0, window.1, input, output);
        for encoding in [Encoding::Int8, Encoding::Int6, Encoding::Int4] {
            let matrices = random_numbers(&architecture, encoding, seed);
            let file = write(&architecture, encoding, &matrices).unwrap();
            let model = Model::parse(&file).unwrap();
            prop_assert_eq!(model.encoding(), encoding);
            prop_assert_eq!(numbers(&model), matrices);
            prop_assert_eq!(rewrite(&model).unwrap(), &file[..]);
        }
        for encoding in [Encoding::Integer, Encoding::Integer6, Encoding::Integer4] {
            let matrices = random_numbers(&architecture, encoding, seed);
            let file = integers(encoding, &architecture, &matrices);
            let model = Model::parse(&file).unwrap();
            prop_assert_eq!(model.encoding(), encoding);
            prop_assert_eq!(rewrite(&model).unwrap(), &file[..]);
            let structure = model.structure().unwrap();
            prop_assert_eq!(Model::parse_as(&file, &structure), Ok(model));
            for ((shape, matrix), numbers) in model.matrices().zip(matrices) {
                let Weights::Integer { words, .. } = matrix.weights else { panic!("{shape}") };
                let OwnedWeights::Int8 { values, .. } = numbers.weights else { panic!("{shape}") };
                prop_assert_eq!(row_major(&shape, words), values);
            }
        }
    }
}
