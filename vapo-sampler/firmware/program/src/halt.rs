//! What happens when something went wrong that should not be able to: an emulated board ends with status 1, a real one
//! stops where a debugger finds it.

use core::panic::PanicInfo;
#[cfg(target_arch = "arm")]
use cortex_m_rt::{ExceptionFrame, exception};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    halt()
}

/// A stack that overflows leaves RAM and ends here.
#[cfg(target_arch = "arm")]
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    halt()
}

// On a board without interrupts, every trap is a fault. A stack that overflowed has no room for what the runtime's own entry saves,
// which would trap again: this entry begins a stack anew.
#[cfg(all(target_arch = "riscv32", feature = "mcycle"))]
core::arch::global_asm!(
    ".section .trap.start.vapo, \"ax\"",
    ".balign 4",
    ".global _start_trap",
    "_start_trap:",
    "la sp, _stack_start",
    "tail {halt}",
    halt = sym halt,
);

/// Goes no further.
pub fn halt() -> ! {
    #[cfg(feature = "semihosting")]
    crate::output::semihosting::exit(false);
    #[cfg(not(feature = "semihosting"))]
    loop {
        core::hint::spin_loop();
    }
}
