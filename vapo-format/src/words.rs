//! The words of a matrix of integer arithmetic: four weights each, of two inputs by two outputs.
//!
//! The word of the inputs c and c + 1 and the outputs o and o + 1 is a group of w(c, o), w(c, o + 1), w(c + 1, o),
//! w(c + 1, o + 1). Those past the last input or output are zero. Words run over a row of the window's pixels, then over pairs
//! of input channels, then over the window's rows, then over pairs of outputs.
//!
//! # Example
//!
//! ```
//! use vapo_format::MatrixShape;
//! use vapo_format::words::{magnitudes, words};
//!
//! // A linear map of 2 inputs into 3 outputs: a word for the outputs 0 and 1, and one for 2 alone.
//! let shape = MatrixShape { node: 1, window: [1, 1], rows: 2, columns: 3 };
//! let places: Vec<[Option<usize>; 4]> = words(&shape).collect();
//! assert_eq!(places, [[Some(0), Some(1), Some(3), Some(4)], [Some(2), None, Some(5), None]]);
//!
//! // Of each output, then of each input.
//! assert!(magnitudes(&shape, &[1, -2, 3, -4, 5, -6]).eq([5, 7, 9, 6, 15]));
//! ```

use crate::matrix::MatrixShape;
use crate::packed::Packed;
use core::ops::Range;

/// For every word, in the order of the file, the positions of its four weights among the row-major ones; none past the last
/// input or output.
pub fn words(shape: &MatrixShape) -> impl Iterator<Item = [Option<usize>; 4]> {
    let MatrixShape { window: [rows, window], columns, .. } = *shape;
    let channels = shape.channels();
    let at = move |tap: usize, input: usize, output: usize| {
        (input < channels && output < columns).then_some((tap * channels + input) * columns + output)
    };
    let outputs = (0..columns).step_by(2);
    outputs.flat_map(move |output| {
        (0..rows).flat_map(move |row| {
            (0..channels).step_by(2).flat_map(move |input| {
                (0..window).map(move |column| {
                    let tap = row * window + column;
                    [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, o)| at(tap, input + i, output + o))
                })
            })
        })
    })
}

/// Whether all is zero that lies past the last input or output.
pub(crate) fn ends_in_zeros(shape: &MatrixShape, words: Packed<'_>) -> bool {
    const PAST_OUTPUT: u32 = 0xff00_ff00;
    const PAST_INPUT: u32 = 0xffff_0000;
    let MatrixShape { window: [rows, window], columns, .. } = *shape;
    let channels = shape.channels();
    let row = window * channels.div_ceil(2);
    let count = row * rows * columns.div_ceil(2);
    (columns.is_multiple_of(2) || lack(words, count.saturating_sub(row * rows)..count, PAST_OUTPUT))
        && (channels.is_multiple_of(2)
            || (row..=count).step_by(row.max(1)).all(|end| lack(words, end - window..end, PAST_INPUT)))
}

/// Whether none of these words has one of these bits.
fn lack(words: Packed<'_>, mut indices: Range<usize>, bits: u32) -> bool {
    indices.all(|index| {
        let mut word = [0];
        words.unpack(index, &mut word);
        word.iter().all(|word| word & bits == 0)
    })
}

/// The sum of the magnitudes of every output's weights, forward, then in reverse, where an input sums over the window's pixels.
pub fn magnitudes(shape: &MatrixShape, values: &[i8]) -> impl Iterator<Item = u32> {
    let (columns, channels) = (shape.columns.max(1), shape.channels().max(1));
    let sum = |values: &mut dyn Iterator<Item = &i8>| {
        values.fold(0, |sum: u32, value| sum.saturating_add(value.unsigned_abs().into()))
    };
    let forward = (0..columns).map(move |column| sum(&mut values.iter().skip(column).step_by(columns)));
    let reverse = (0..channels).map(move |channel| {
        let rows = values.chunks(columns).skip(channel).step_by(channels);
        sum(&mut rows.flatten())
    });
    forward.chain(reverse)
}
