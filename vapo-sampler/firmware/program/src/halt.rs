//! What happens when something went wrong that should not be able to: an emulated board ends with status 1, a real one
//! stops where a debugger finds it.

use core::panic::PanicInfo;
use cortex_m_rt::{ExceptionFrame, exception};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    halt()
}

/// A stack that overflows leaves RAM and ends here.
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    halt()
}

/// Goes no further.
pub fn halt() -> ! {
    #[cfg(feature = "semihosting")]
    crate::output::semihosting::exit(false);
    #[cfg(not(feature = "semihosting"))]
    loop {
        core::hint::spin_loop();
    }
}
