//! Why something was refused, as text.

use core::fmt::{self, Display, Write};

/// Bytes of the longest text. What is longer is cut off.
const BYTES: usize = 512;

/// A text of UTF-8.
#[derive(Debug)]
pub(crate) struct Message {
    text: [u8; BYTES],
    length: usize,
}

impl Message {
    pub(crate) const fn new() -> Self {
        Message { text: [0; BYTES], length: 0 }
    }

    /// Becomes what `reason` says.
    pub(crate) fn set(&mut self, reason: impl Display) {
        self.length = 0;
        // Where there is no more room, the text ends.
        let _ = write!(self, "{reason}");
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let rest = self.text.get_mut(self.length..).unwrap_or_default();
        let kept = text.floor_char_boundary(rest.len());
        rest.iter_mut().zip(text.bytes().take(kept)).for_each(|(to, byte)| *to = byte);
        self.length += kept;
        if kept == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
