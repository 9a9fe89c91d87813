//! The sampler for Python: what `vapo_sampler` does, for many samples at once, with Python's lock released.
//!
//! | module | concept |
//! |---|---|
//! | [`model`] | a model file: what it is of, and what its potential says of samples |
//! | [`drawing`] | samples drawn, and restored |
//! | [`settings`] | how they are drawn |
//! | [`monitor`] | a series watched reading by reading, and a threshold learned |
//! | [`weights`] | weights as floats, and a model file made of such |
//! | [`memory`] | where a drift's memory lies |
//! | `loaded` | a model's bytes with all that is made of them once |
//! | `arrays` | numbers from Python and to it |
//! | `work` | many samples on many threads, which Ctrl-C stops |
//! | `error` | what is refused, in the sampler's words |
//!
//! The package `vapo` beside this crate checks what a caller gives, and makes arrays of NumPy of what comes back. Arrays lie in
//! memory one after another, by rows, columns and channels.
#![forbid(unsafe_code)]

mod arrays;
pub mod drawing;
mod error;
mod loaded;
pub mod memory;
pub mod model;
pub mod monitor;
pub mod settings;
pub mod weights;
mod work;

/// The module `vapo._native`.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::monitor::{Learner, Monitor};
    #[pymodule_export]
    use crate::settings::Settings;
    #[pymodule_export]
    use crate::weights::{shapes, write};
}
