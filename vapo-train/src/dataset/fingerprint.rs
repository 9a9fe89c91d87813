//! What tells one data set from another: what training reads of it, as a digest.

use crate::dataset::Source;
use crate::files::digest::hexadecimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vapo_format::Shape;

/// Digits of the digest that are shown to a person.
const SHOWN: usize = 16;

/// Two data sets of the same fingerprint train to the same bytes, wherever their files lie and whatever these are called, unless
/// classes are learned: a run keeps the digest of its labels apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// Number of samples.
    pub images: usize,
    /// SHA-256, in hexadecimal. Of images: of all pixels in their order as training reads them, the extent of an image and
    /// the value of white. Of a series: of all readings, where windows start, and their extent. Labels are not in it.
    pub sha256: String,
}

impl Fingerprint {
    /// What a person is shown of it, for a data set: the number of samples, and how the digest starts.
    pub fn told(&self, source: Source) -> String {
        let Fingerprint { images, sha256 } = self;
        let (samples, start) = (source.samples(), sha256.get(..SHOWN).unwrap_or(sha256));
        let samples = if *images == 1 { samples.trim_end_matches('s') } else { samples };
        format!("{images} {samples} of SHA-256 {start}…")
    }
}

/// The digest of a [`Fingerprint`] in the making: pixels may come piece by piece.
#[derive(Clone, Default)]
pub(super) struct Pending(Sha256);

impl Pending {
    /// Takes the next pixels.
    pub(super) fn add(&mut self, pixels: &[u8]) {
        self.0.update(pixels);
    }

    /// The digest. The extent may be known only now.
    pub(super) fn finish(mut self, shape: Shape, white: u8) -> String {
        let Shape { channels, height, width } = shape;
        [channels, height, width].iter().for_each(|extent| self.0.update(extent.to_le_bytes()));
        self.0.update([white]);
        hexadecimal(&self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;

    const SHAPE: Shape = Shape { channels: 1, height: 1, width: 2 };

    fn fingerprint(shape: Shape, white: u8, pixels: &[u8], labels: Option<&[u8]>) -> Fingerprint {
        Dataset::new("test", shape, white, pixels.to_vec(), labels.map(<[u8]>::to_vec)).unwrap().fingerprint()
    }

    #[test]
    fn what_training_reads_is_in_it_and_nothing_else() {
        let first = fingerprint(SHAPE, 16, &[1, 2, 3, 4], None);
        assert_eq!((first.images, first.sha256.len()), (2, 64));
        assert_eq!(fingerprint(SHAPE, 16, &[1, 2, 3, 4], Some(&[5, 6])), first);
        let high = Shape { channels: 1, height: 2, width: 1 };
        for other in [
            fingerprint(SHAPE, 16, &[1, 2, 3, 5], None),
            fingerprint(SHAPE, 16, &[3, 4, 1, 2], None),
            fingerprint(SHAPE, 16, &[1, 2], None),
            fingerprint(SHAPE, 17, &[1, 2, 3, 4], None),
            fingerprint(high, 16, &[1, 2, 3, 4], None),
        ] {
            assert_ne!(other.sha256, first.sha256);
        }
    }

    #[test]
    fn pieces_are_the_whole() {
        let mut pending = Pending::default();
        [&[1, 2, 3][..], &[], &[4]].iter().for_each(|piece| pending.add(piece));
        assert_eq!(pending.finish(SHAPE, 16), fingerprint(SHAPE, 16, &[1, 2, 3, 4], None).sha256);
    }

    #[test]
    fn a_person_sees_the_number_and_the_start() {
        let told = Fingerprint { images: 1, sha256: "0123456789abcdef0123".to_owned() }.told(Source::Digits);
        assert_eq!(told, "1 image of SHA-256 0123456789abcdef…");
        let seven = Fingerprint { images: 7, sha256: String::new() };
        assert_eq!(seven.told(Source::Digits), "7 images of SHA-256 …");
        assert_eq!(seven.told(Source::Series), "7 windows of SHA-256 …");
    }
}
