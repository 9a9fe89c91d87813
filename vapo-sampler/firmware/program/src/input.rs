//! Where an emulated board's readings come from: a file of the host.

use crate::output::semihosting::calls::{nr, syscall1};

/// A file of the host that is open for reading.
pub(crate) struct HostFile {
    handle: usize,
    /// Whether the last reading was whole, or nothing of it was there.
    ended: bool,
}

impl HostFile {
    /// Opens the file of a path; none where the host cannot, or the path is too long.
    pub(crate) fn open(path: &[u8]) -> Option<Self> {
        // The call takes text that ends in a zero.
        let mut name = [0; 256];
        if path.len() >= name.len() {
            return None;
        }
        name.iter_mut().zip(path).for_each(|(name, path)| *name = *path);
        const READ_BYTES: usize = 1;
        let mut block = [name.as_ptr() as usize, READ_BYTES, path.len()];
        // SAFETY: the call takes the address of a block of three words: the address of a text that ends in a zero, a mode, the
        // text's length without the zero. It only reads them, and they live until it returns.
        let handle = unsafe { syscall1(nr::OPEN, block.as_mut_ptr() as usize) };
        (handle != usize::MAX).then_some(HostFile { handle, ended: true })
    }

    /// Sets a reading to the next of the file, f32 after f32, little-endian as every core that is emulated; false where there is
    /// no whole one.
    pub(crate) fn next(&mut self, reading: &mut [f32]) -> bool {
        let bytes = size_of_val(reading);
        let mut block = [self.handle, reading.as_mut_ptr() as usize, bytes];
        // SAFETY: the call takes the address of a block of three words: a handle, the address and length of memory to write to.
        // That memory is exclusively borrowed until it returns, and any bytes are floats.
        let missing = unsafe { syscall1(nr::READ, block.as_mut_ptr() as usize) };
        self.ended = missing == 0 || missing == bytes;
        missing == 0 && bytes > 0
    }

    /// Whether the file ended after a whole reading.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }
}
