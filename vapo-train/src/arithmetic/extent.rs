//! The one error of slices that do not fit together.

/// A slice holds another number of values than those given beside it need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must hold {expected} values, found {found}: all slices belong to the same batch and the same model")]
pub struct ExtentError {
    /// What the slice holds.
    pub what: &'static str,
    /// Values needed.
    pub expected: usize,
    /// Values there.
    pub found: usize,
}

/// Checks the length of a slice.
///
/// # Errors
/// The length is another one.
pub(crate) fn check<T>(what: &'static str, values: &[T], expected: usize) -> Result<(), ExtentError> {
    let found = values.len();
    if found == expected { Ok(()) } else { Err(ExtentError { what, expected, found }) }
}
