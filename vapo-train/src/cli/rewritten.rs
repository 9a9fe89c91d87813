//! A model's file with another section in it; the rest stays as it is, its version too.

use crate::cli::Failure;
use vapo_format::writer::{replace_classifier, replace_threshold};
use vapo_format::{Classifier, Model, Threshold, classifier, threshold};

/// The model's file with a threshold.
///
/// # Errors
/// The threshold is not one of the model's.
pub(super) fn with_threshold(model: &Model<'_>, threshold: Threshold) -> Result<Vec<u8>, Failure> {
    rewritten(model, |file| replace_threshold(model, Some(threshold), file))
}

/// The model's file with a classifier.
///
/// # Errors
/// The classifier is not one of the model's.
pub(super) fn with_classifier(model: &Model<'_>, classifier: Classifier<'_>) -> Result<Vec<u8>, Failure> {
    rewritten(model, |file| replace_classifier(model, Some(classifier), file))
}

/// What `write` leaves in a buffer with room for every section.
fn rewritten<E>(model: &Model<'_>, write: impl FnOnce(&mut [u8]) -> Result<usize, E>) -> Result<Vec<u8>, Failure>
where
    Failure: From<E>,
{
    let mut file = vec![0; model.bytes() + threshold::BYTES + classifier::bytes(model.classes())];
    let length = write(&mut file)?;
    file.truncate(length);
    Ok(file)
}
