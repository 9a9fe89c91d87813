//! Where weights lie among the words of integer arithmetic, by the formula of the specification.

use crate::models::{OwnedWeights, random_numbers, write_integer};
use crate::rules::{graph, node};
use vapo_format::layer::{Conv, Readout, Signal, Time};
use vapo_format::matrix::Weights;
use vapo_format::{Architecture, Calibration, Encoding, Exponents, MatrixShape, Model, Packed};

/// Where the byte of every weight is, in the order of the row-major ones.
pub(crate) fn places(shape: &MatrixShape) -> impl Iterator<Item = usize> {
    let MatrixShape { window: [rows, columns], columns: outputs, .. } = *shape;
    let inputs = shape.rows / (rows * columns);
    (0..shape.rows * outputs).map(move |at| {
        let (output, input) = (at % outputs, at / outputs % inputs);
        let (x, y) = (at / outputs / inputs % columns, at / outputs / inputs / columns);
        let word = ((output / 2 * rows + y) * inputs.div_ceil(2) + input / 2) * columns + x;
        4 * word + 2 * (input % 2) + output % 2
    })
}

/// Bytes of all words.
pub(crate) fn word_bytes(shape: &MatrixShape) -> usize {
    let [rows, columns] = shape.window;
    let inputs = shape.rows / (rows * columns);
    4 * rows * columns * inputs.div_ceil(2) * shape.columns.div_ceil(2)
}

/// The weights of words, row-major.
pub(crate) fn row_major(shape: &MatrixShape, words: Packed<'_>) -> Vec<i8> {
    places(shape).map(|place| words.get(place)).collect()
}

/// A convolution of a signal, of which the second matrix is.
pub(crate) fn architecture(window: [u8; 2], tiles: bool, input: u16, output: u16) -> Architecture {
    let conv = Conv { window, stride: if tiles { window } else { [1, 1] }, channels: output };
    let nodes = [
        node(Signal, &[]),
        node(Time { features: 2 }, &[]),
        node(Conv::linear(output + 1), &[]),
        node(conv, &[0]),
        node(Readout, &[3, 2, 0]),
    ];
    graph((input, 6, 6), &nodes)
}

/// A file of that architecture, the shape of its second matrix, and where the words of it begin.
pub(crate) fn file(architecture: &Architecture, seed: u64) -> (Vec<u8>, MatrixShape, usize) {
    let at = |value, cotangent| Exponents { value, cotangent };
    let exponents = [at(9, 2), at(9, 0), at(9, 0), at(9, 2), at(0, 0)];
    let calibration = Calibration { exponents: &exponents, digest: 0 };
    let matrices = random_numbers(architecture, Encoding::Integer, seed);
    let file = write_integer(architecture, calibration, None, &matrices).expect("valid");
    let shape = architecture.matrices().nth(1).expect("two matrices");
    let start = file.len() - 4 - word_bytes(&shape);
    (file, shape, start)
}

#[test]
fn weights_lie_where_the_formula_says() {
    let windows = [([1, 1], true), ([3, 3], false), ([2, 2], true), ([1, 3], false), ([3, 1], false), ([2, 3], true)];
    for (window, tiles) in windows {
        for (input, output) in (1..=4).flat_map(|input| (1..=4).map(move |output| (input, output))) {
            let architecture = architecture(window, tiles, input, output);
            let (file, shape, start) = file(&architecture, 1);
            assert_eq!(shape.bytes(Encoding::Integer), 8 * shape.columns + 4 + word_bytes(&shape));
            let model = Model::parse(&file).unwrap();
            let Weights::Integer { words, .. } = model.matrices().nth(1).unwrap().1.weights else { panic!("integer") };
            assert_eq!(words.bytes.as_ptr().addr(), file.as_ptr().addr() + start);
            let numbers = random_numbers(&architecture, Encoding::Integer, 1);
            let OwnedWeights::Int8 { values, .. } = &numbers[1].weights else { panic!("int8") };
            let mut expected = vec![0; word_bytes(&shape)];
            places(&shape).zip(values).for_each(|(place, &value)| expected[place] = value.cast_unsigned());
            assert_eq!(words, Packed::eight(&expected), "{window:?} {input} {output}");
        }
    }
}
