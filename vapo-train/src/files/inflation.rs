//! How much may come out of compressed bytes: small files that unpack to more than memory holds are refused.

use std::io::{self, Read};

/// What any compressed file may unpack to, in bytes.
const FLOOR: u64 = 1 << 28;
/// Bytes that may come out of a compressed one. Images give up to 50; deflate cannot give more than 1,032.
const RATIO: u64 = 256;

/// Bytes that may come out of so many compressed ones.
pub(crate) fn most(compressed: u64) -> u64 {
    FLOOR.max(compressed.saturating_mul(RATIO))
}

/// A reader that fails where more than so many bytes come.
#[derive(Debug)]
pub(crate) struct Bounded<R> {
    reader: R,
    left: u64,
}

impl<R> Bounded<R> {
    /// At most `most` bytes of `reader`.
    pub(crate) fn new(reader: R, most: u64) -> Self {
        Bounded { reader, left: most }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("it unpacks to more than such a file can hold"))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_grows_with_the_file_and_has_a_floor() {
        assert_eq!(most(0), 1 << 28);
        assert_eq!(most(1 << 30), 1 << 38);
        assert_eq!(most(u64::MAX), u64::MAX);
    }

    #[test]
    fn as_many_bytes_as_allowed_pass_and_one_more_fails() {
        let mut read = Vec::new();
        assert_eq!(Bounded::new(&[1, 2, 3][..], 3).read_to_end(&mut read).unwrap(), 3);
        assert!(Bounded::new(&[1, 2, 3][..], 2).read_to_end(&mut read).unwrap_err().to_string().contains("unpacks"));
        assert!(Bounded::new(io::repeat(0), 1 << 20).read_to_end(&mut read).is_err());
    }
}
