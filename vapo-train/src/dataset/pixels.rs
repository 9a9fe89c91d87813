//! The bytes of a data set: in memory, or in a file.

use crate::dataset::map::Map;
use std::ops::Deref;

/// Bytes of all images.
#[derive(Clone, Debug)]
pub(super) enum Pixels {
    Owned(Vec<u8>),
    /// All of a file from a byte on: only the pages in use take memory.
    Mapped {
        file: Map,
        start: usize,
    },
}

impl Deref for Pixels {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Pixels::Owned(bytes) => bytes,
            Pixels::Mapped { file, start } => &file[*start..],
        }
    }
}

/// The same bytes are the same images, wherever they are.
impl PartialEq for Pixels {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Pixels {}
