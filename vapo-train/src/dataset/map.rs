//! A file mapped into memory: pages are read when they are looked at, and given back when memory is short.

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

/// The bytes of a file. Clones share the mapping.
#[derive(Clone, Debug)]
pub(in crate::dataset) struct Map(Arc<Mmap>);

impl Map {
    /// Maps the whole of a file, for reading.
    ///
    /// # Errors
    /// What the system says.
    pub(in crate::dataset) fn new(file: &File) -> io::Result<Self> {
        // SAFETY: The bytes behind the slice must not change while it is there. Nothing in this program writes to a
        // file that it maps: a cache is written under another name, and a new one takes the place of the old by
        // renaming, which leaves the mapped file as it is until the last map of it is gone. Another program that
        // changes the archive or the cache in place may still change pixels under training, or, where it shortens
        // the file, have the system end this process (SIGBUS). Every bit pattern is a valid `u8`, no reference into
        // the map is mutable, and no decision about memory rests on its bytes being the same when read twice.
        let map = unsafe { Mmap::map(file) }?;
        Ok(Map(Arc::new(map)))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self
    }
}
