//! Finds the class of a sample from the energies of all classes.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Classifier, Homotopy, classifier};
//!
//! // A time, a sharpness, and an offset for each of two classes.
//! let section: Vec<u8> = [0.6_f32, 0.1, 0.0, 2.5].into_iter().flat_map(f32::to_le_bytes).collect();
//! assert_eq!(section.len(), classifier::bytes(2));
//! let Some(classifier) = Classifier::new(&section) else { unreachable!("it has all numbers") };
//! assert!(classifier.is_valid(Homotopy::Linear, 2));
//! assert_eq!((classifier.time(), classifier.sharpness()), (0.6, 0.1));
//! assert_eq!(classifier.offsets().collect::<Vec<_>>(), [0.0, 2.5]);
//! assert_eq!(classifier.numbers().count(), 4);
//! ```

use crate::homotopy::Homotopy;
use crate::matrix::floats;
use crate::threshold::has_energy;

/// Bytes of a classifier on file, of a model of so many classes: its time and its sharpness, then an offset a class, as f32.
pub const fn bytes(classes: u16) -> usize {
    4 * (2 + classes as usize)
}

/// Offsets that are added to the energy of each class. The class with the least sum is the class of a sample.
///
/// Training uses only gradients. So it leaves a potential unknown up to an added number for each class and time. The offsets
/// are these numbers, learned from labelled data once the potential is trained. The energies compared are those of
/// mean(time)·sample at `time`, where mean is the homotopy's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Classifier<'a> {
    /// All of it, as on file.
    pub(crate) section: &'a [u8],
}

impl<'a> Classifier<'a> {
    /// The classifier that [`Classifier::numbers`] are, as little-endian f32. None where they are too few.
    pub fn new(section: &'a [u8]) -> Option<Self> {
        (section.len() >= bytes(2) && section.len().is_multiple_of(4)).then_some(Classifier { section })
    }

    /// Its time, its sharpness, and the offsets.
    pub fn numbers(&self) -> impl Iterator<Item = f32> + use<'a> {
        floats(self.section)
    }

    /// Time of the energies: from 0 to 1, and below 1 for [`Homotopy::Linear`], which has no energy at 1.
    pub fn time(&self) -> f32 {
        self.numbers().next().unwrap_or_default()
    }

    /// The probability of a class c is in proportion to e^(−sharpness·(energy + offset)); finite and above 0.
    pub fn sharpness(&self) -> f32 {
        self.numbers().nth(1).unwrap_or_default()
    }

    /// What is added to the energy of each class; finite.
    pub fn offsets(&self) -> impl Iterator<Item = f32> + use<'a> {
        self.numbers().skip(2)
    }

    /// Whether every number lies where it should, for a model of so many classes.
    pub fn is_valid(&self, homotopy: Homotopy, classes: u16) -> bool {
        let sharpness = self.sharpness();
        self.section.len() == bytes(classes)
            && classes > 1
            && has_energy(homotopy, self.time())
            && sharpness > 0.0
            && sharpness.is_finite()
            && self.offsets().all(f32::is_finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(numbers: &[f32]) -> heapless::Vec<u8, 64> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    #[test]
    fn numbers_are_read_in_place() {
        let file = section(&[0.5, 2.0, -1.5, 0.25]);
        let classifier = Classifier::new(&file).unwrap();
        assert_eq!((classifier.time(), classifier.sharpness()), (0.5, 2.0));
        assert!(classifier.offsets().eq([-1.5, 0.25]));
        assert_eq!(Classifier::new(&file[..12]), None);
        assert_eq!(Classifier::new(&section(&[0.0; 5])[..19]), None);
    }

    #[test]
    fn rules() {
        let valid = |numbers: &[f32], homotopy, classes| {
            Classifier::new(&section(numbers)).is_some_and(|found| found.is_valid(homotopy, classes))
        };
        let linear = Homotopy::Linear;
        assert!(valid(&[0.5, 2.0, -1.5, 0.25], linear, 2) && valid(&[1.0, 2.0, 0.0, 0.0], Homotopy::Bayes, 2));
        for numbers in [
            [1.0, 2.0, 0.0, 0.0],
            [f32::NAN, 2.0, 0.0, 0.0],
            [0.5, 0.0, 0.0, 0.0],
            [0.5, f32::INFINITY, 0.0, 0.0],
            [0.5, f32::NAN, 0.0, 0.0],
            [0.5, 1.0, f32::NAN, 0.0],
            [0.5, 1.0, 0.0, f32::INFINITY],
        ] {
            assert!(!valid(&numbers, linear, 2), "{numbers:?}");
        }
        assert!(!valid(&[0.5, 2.0, -1.5, 0.25], linear, 3));
    }
}
