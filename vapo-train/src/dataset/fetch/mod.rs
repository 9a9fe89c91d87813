//! Data sets from their publishers: what there is to get, and getting it whole.
//!
//! | module | concept |
//! |---|---|
//! | [`manifest`] | the files of a data set, with their checksums |
//! | [`download`] | one file: resumed, tried again, compared with its checksum |
//! | [`error`] | why a file could not be had |

pub mod download;
pub mod error;
pub mod manifest;

pub use download::{Client, Event, Outcome};
pub use error::FetchError;
pub use manifest::{Entry, Manifest};
