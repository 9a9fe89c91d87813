//! What is refused: an exception of Python's with the sampler's words.

use pyo3::PyErr;
use pyo3::exceptions::{PyMemoryError, PyRuntimeError, PyValueError};
use std::collections::TryReserveError;
use std::fmt::Display;

/// Why work on samples ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The sampler refused.
    Refused(vapo_sampler::Error),
    /// The homotopy has no energy at this time.
    Time(f32),
    /// There is no memory for a sampler.
    Memory,
    /// Python was interrupted, by Ctrl-C for instance.
    Interrupted(PyErr),
    /// There was an interrupt or a failure elsewhere, which is told instead.
    Stopped,
}

impl From<vapo_sampler::Error> for Failure {
    fn from(error: vapo_sampler::Error) -> Self {
        Failure::Refused(error)
    }
}

impl From<TryReserveError> for Failure {
    fn from(_: TryReserveError) -> Self {
        Failure::Memory
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => refused(error),
            Failure::Time(time) => {
                refused(format!("there is no energy at time {time} on this path: give a time from 0 to below 1"))
            }
            Failure::Interrupted(interrupt) => interrupt,
            Failure::Stopped => broken("work was stopped for no reason"),
            Failure::Memory => PyMemoryError::new_err("there is no memory for so many samples: take fewer at a time"),
        }
    }
}

/// What a caller gave is refused.
pub(crate) fn refused(cause: impl Display) -> PyErr {
    PyValueError::new_err(cause.to_string())
}

/// What no caller can bring about.
pub(crate) fn broken(cause: impl Display) -> PyErr {
    PyRuntimeError::new_err(format!("a mistake in vapo itself: {cause}"))
}
