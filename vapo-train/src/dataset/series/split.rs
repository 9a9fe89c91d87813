//! The split that the name of a file or of an array says.

use crate::dataset::Split;
use crate::dataset::series::error::SeriesError;

/// Words that say a split, in any case.
const WORDS: [(Split, &[&str]); 3] = [
    (Split::Train, &["train", "training"]),
    (Split::Valid, &["valid", "val", "validation"]),
    (Split::Test, &["test", "testing"]),
];

/// The split that a name says, if it says any.
///
/// # Errors
/// It says several.
pub(super) fn split_of(name: &str) -> Result<Option<Split>, SeriesError> {
    let words: Vec<String> = name.split(|letter: char| !letter.is_alphabetic()).map(str::to_lowercase).collect();
    let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let mut found = WORDS.iter().filter(|(_, known)| says(known)).map(|(split, _)| *split);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(SeriesError::Words),
        (split, None) => Ok(split),
    }
}
