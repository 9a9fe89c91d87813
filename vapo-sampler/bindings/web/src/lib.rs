//! The sampler behind functions that take numbers, for `vapo.js`, which is the interface to use.
//!
//! | module | concept |
//! |---|---|
//! | `memory` | pages of memory, taken from the host of the module and never given back |
//! | `message` | why something was refused, as text |
//! | `opened` | a model that was checked and planned, with its sampler |
//! | [`calls`] | what JavaScript calls |
//!
//! An instance of this module has one model. So nothing has to be freed: who drops the instance drops all of its memory.
//!
//! The caller of these functions is `vapo.js` alone. It passes the pointer that [`calls::create`] gave, and calls one function at a time:
//! a page cannot do otherwise, because an instance is not shared between workers.
#![no_std]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod calls;
mod memory;
mod message;
mod opened;

use core::panic::PanicInfo;

/// No input leads here. JavaScript would get an error of its own kind.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
