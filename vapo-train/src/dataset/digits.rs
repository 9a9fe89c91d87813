//! The data set built into the trainer: 1,797 handwritten digits of 8×8 pixels.
//!
//! Attribution and licence stand in `data/README.md` beside this crate's sources.

use crate::dataset::{Corruption, Dataset, Split};
use flate2::bufread::GzDecoder;
use std::io::Read;
use vapo_format::Shape;

/// Name of the file that is built in.
pub const FILE: &str = "digits.csv.gz";
const BYTES: &[u8] = include_bytes!("../../data/digits.csv.gz");
const SHAPE: Shape = Shape { channels: 1, height: 8, width: 8 };
/// Every sixth image is a test image. The file lists one writer after another, so a split in two blocks would
/// have different handwritings in each.
const TEST_EVERY: usize = 6;

/// The digits of one split: 1,498 to train with, 299 to test.
///
/// # Errors
/// None, unless the trainer was built with a damaged file.
pub fn digits(split: Split) -> Result<Dataset, Corruption> {
    let mut text = String::new();
    GzDecoder::new(BYTES).read_to_string(&mut text).map_err(Corruption::Gzip)?;
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let refused = || Corruption::Line { line: index + 1, expected: SHAPE.elements() + 1 };
        let numbers: Vec<u8> = line.split(',').map(str::parse).collect::<Result<_, _>>().map_err(|_| refused())?;
        match numbers.split_last() {
            Some((&label, pixels)) if pixels.len() == SHAPE.elements() => {
                let tested = index % TEST_EVERY == TEST_EVERY - 1;
                if tested == (split == Split::Test) {
                    images.extend(pixels);
                    labels.push(label);
                }
            }
            _ => return Err(refused()),
        }
    }
    Dataset::new("digits", SHAPE, 16, images, Some(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_splits_share_the_images_out() {
        let (train, test) = (digits(Split::Train).unwrap(), digits(Split::Test).unwrap());
        assert_eq!((train.len(), test.len()), (1498, 299));
        for split in [&train, &test] {
            let labels = split.labels().unwrap();
            for digit in 0..10 {
                let share = labels.iter().filter(|&&label| label == digit).count() * 10;
                assert!(share.abs_diff(split.len()) < split.len() / 3, "digit {digit}: {share}");
            }
        }
        // The file's first line, a zero.
        assert_eq!(
            (&train.images().unwrap().image(0)[..8], train.labels().unwrap()[0]),
            (&[0, 0, 5, 13, 9, 1, 0, 0][..], 0)
        );
    }
}
