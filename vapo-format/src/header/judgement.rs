//! What samples are judged by, at the end of a header: an anomaly threshold, and a classifier.

use crate::classifier::{self, Classifier};
use crate::error::Error;
use crate::homotopy::Homotopy;
use crate::threshold::{self, Threshold};

/// Both, as far as there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Judgement<'a> {
    pub(crate) threshold: Option<Threshold>,
    pub(crate) classifier: Option<Classifier<'a>>,
}

impl<'a> Judgement<'a> {
    /// Tells them apart by their lengths: no classifier is as long as a threshold.
    pub(crate) fn split(section: &'a [u8], classes: u16) -> Result<Self, Error> {
        let of_classifier = if classes > 1 { classifier::bytes(classes) } else { 0 };
        let mut judgement = Judgement::default();
        let mut rest = section;
        if let Some((threshold, after)) = rest.split_first_chunk::<{ threshold::BYTES }>()
            && (after.is_empty() || after.len() == of_classifier)
        {
            (judgement.threshold, rest) = (Some(Threshold::from_bytes(*threshold)), after);
        }
        if !rest.is_empty() {
            judgement.classifier = Classifier::new(rest).filter(|_| rest.len() == of_classifier);
            judgement.classifier.ok_or(Error::Header)?;
        }
        Ok(judgement)
    }

    /// Whether all numbers lie where they should.
    pub(crate) fn check(&self, homotopy: Homotopy, classes: u16) -> Result<(), Error> {
        if self.threshold.is_some_and(|threshold| !threshold.is_valid(homotopy)) {
            return Err(Error::Threshold);
        }
        let valid = self.classifier.is_none_or(|classifier| classifier.is_valid(homotopy, classes));
        if valid { Ok(()) } else { Err(Error::Classifier) }
    }

    /// Bytes on file.
    pub(crate) fn bytes(&self) -> usize {
        let classifier = self.classifier.map_or(0, |classifier| classifier.section.len());
        self.threshold.map_or(0, |_| threshold::BYTES) + classifier
    }

    /// Puts them after the first bytes of a header. Returns the header's length. None where there is no room.
    pub(crate) fn write(&self, at: usize, buffer: &mut [u8]) -> Option<usize> {
        let mut end = at;
        if let Some(threshold) = self.threshold {
            *buffer.get_mut(end..)?.first_chunk_mut()? = threshold.to_bytes();
            end += threshold::BYTES;
        }
        if let Some(Classifier { section }) = self.classifier {
            buffer.get_mut(end..end + section.len())?.copy_from_slice(section);
            end += section.len();
        }
        Some(end)
    }
}
