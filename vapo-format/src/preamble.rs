//! The first bytes of a file, and its last: what tells that it is a model, whole and undamaged.

use crate::checksum::checksum;
use crate::error::Error;

/// First bytes of a file.
pub const MAGIC: [u8; 4] = *b"VAPO";
/// Version of the format that this crate writes.
pub const VERSION: u16 = 2;
/// The oldest version that this crate reads: 2 without its feature `version-1`.
pub const OLDEST: u16 = if cfg!(feature = "version-1") { 1 } else { VERSION };
/// Bytes before the header: magic, version, header length.
pub const PREAMBLE: usize = 8;
/// Bytes of the checksum at the end.
pub const CHECKSUM: usize = 4;

/// The version of a file, the length of its header, and what follows the preamble.
pub(crate) fn preamble(bytes: &[u8]) -> Result<(u16, usize, &[u8]), Error> {
    let too_short = Error::TooShort { expected: PREAMBLE + CHECKSUM, found: bytes.len() };
    let (preamble, rest) = bytes.split_first_chunk::<PREAMBLE>().ok_or(too_short)?;
    let [m0, m1, m2, m3, v0, v1, l0, l1] = *preamble;
    if [m0, m1, m2, m3] != MAGIC {
        return Err(Error::Magic { found: [m0, m1, m2, m3] });
    }
    Ok((u16::from_le_bytes([v0, v1]), u16::from_le_bytes([l0, l1]).into(), rest))
}

/// Checks the contents of a file against the checksum at its end.
pub(crate) fn check_checksum(contents: &[u8], stored: [u8; CHECKSUM]) -> Result<(), Error> {
    let (computed, stored) = (checksum([contents]), u32::from_le_bytes(stored));
    if computed == stored { Ok(()) } else { Err(Error::Checksum { computed, stored }) }
}
