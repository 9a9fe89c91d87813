//! Output of emulated boards: calls that the emulator, or a debugger, answers from the host.

use super::Output;
use calls::{debug, hio, nr};
#[cfg(not(target_arch = "riscv32"))]
pub(crate) use cortex_m_semihosting as calls;
#[cfg(target_arch = "riscv32")]
pub(crate) use riscv_semihosting as calls;

/// The host's standard output.
pub struct Stdout(Option<hio::HostStream>);

impl Stdout {
    /// Opens the stream; where the host has none, what is written is dropped.
    pub fn open() -> Self {
        Stdout(hio::hstdout().ok())
    }
}

impl Output for Stdout {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(stream) = &mut self.0
            && stream.write_all(bytes).is_err()
        {
            self.0 = None;
        }
    }
}

/// The command line that the host gave the program, written into `buffer`: the program's name, then arguments, parted by
/// spaces. None where it exceeds the buffer.
pub fn command_line(buffer: &mut [u8]) -> Option<&[u8]> {
    let mut block = [buffer.as_mut_ptr() as usize, buffer.len()];
    // SAFETY: the call takes the address of a block of two words, the address and length of memory to write to. Both
    // are exclusively borrowed until it returns. It overwrites the second word with the length of what it wrote.
    let status = unsafe { calls::syscall1(nr::GET_CMDLINE, block.as_mut_ptr() as usize) };
    let [_, length] = block;
    if status == 0 { buffer.get(..length) } else { None }
}

/// Ends the emulation, with status 0 for success and 1 for failure.
pub fn exit(success: bool) -> ! {
    debug::exit(if success { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    // A debugger may resume the program.
    loop {
        core::hint::spin_loop();
    }
}
