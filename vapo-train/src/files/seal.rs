//! A SHA-256 at the end of a safetensors file: every changed byte is noticed, those of the header too.

use crate::files::digest::hexadecimal;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

/// The tensor that holds it.
pub const NAME: &str = "sha256";
/// Bytes of it.
const BYTES: usize = 32;
/// What it holds until the file is closed. Its type, u8, is the smallest of all in the files of this crate, and safetensors
/// puts tensors of large types first: it is the last.
pub const OPEN: &[u8; BYTES] = &[0; BYTES];

/// A file that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the bytes to have the SHA-256 {expected}, found {found}: the file was damaged after it was written")]
pub struct Broken {
    /// What the file says.
    pub expected: String,
    /// That of its bytes.
    pub found: String,
}

/// Puts the SHA-256 in the place of [`OPEN`], once all other bytes are there.
pub fn close(file: &mut [u8]) {
    if let Some((all, seal)) = file.split_last_chunk_mut::<BYTES>() {
        *seal = Sha256::digest(all).into();
    }
}

/// Compares a file with its seal. A file without one was written before there were any, and is taken as it is.
///
/// # Errors
/// [`Broken`].
pub fn check(file: &[u8], tensors: &SafeTensors<'_>) -> Result<(), Broken> {
    let (Ok(tensor), Some((all, last))) = (tensors.tensor(NAME), file.split_last_chunk::<BYTES>()) else {
        return Ok(());
    };
    let found: [u8; BYTES] = Sha256::digest(all).into();
    // The tensor's own bytes too, lest it lie elsewhere.
    if found == *last && tensor.data() == last {
        return Ok(());
    }
    let expected = tensor.data();
    Err(Broken { expected: hexadecimal(&expected[..BYTES.min(expected.len())]), found: hexadecimal(&found) })
}
