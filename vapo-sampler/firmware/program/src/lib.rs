//! What every board runs. A board's `main` sets its clock up and owns the memory, a [`Board`]. From there
//!
//! * [`Board::show`] draws sample after sample as text: what a board on a desk does;
//! * `Board::answer` computes the one sample of a request and prints every bit of it, for a test to compare: what an
//!   emulated board does when its command line holds a request (module `emulated`);
//! * `Board::watch`, with the feature `monitor`, shows a verdict for every stride of readings that a sensor gives; an emulated
//!   board takes them from a file of the host, and prints every bit.
//!
//! ```text
//! model (flash) ─→ Sampler ─→ sample ─→ art, bits ─→ Print ─→ Output: semihosting | RTT
//!                     ↑          ↑
//!                arena (RAM)   Clock
//! ```
//!
//! Nothing here needs `core::fmt`, nor can it panic: `check-symbols`, in the firmware's folder, looks for both.

#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(feature = "semihosting")]
mod answer;
mod art;
#[cfg(not(feature = "monitor"))]
mod asked;
mod board;
mod clock;
#[cfg(feature = "semihosting")]
pub mod emulated;
#[cfg(target_os = "none")]
mod halt;
#[cfg(all(feature = "semihosting", feature = "monitor"))]
mod input;
pub mod lamp_matrix;
mod output;
mod print;
mod sample;
mod show;
pub mod stack;
#[cfg(target_os = "none")]
pub mod standalone;
#[cfg(feature = "monitor")]
mod watch;

#[cfg(not(feature = "monitor"))]
pub use asked::Asked;
pub use board::{Board, Refusal};
pub use clock::Clock;
#[cfg(all(feature = "mcycle", target_arch = "riscv32"))]
pub use clock::mcycle;
#[cfg(all(feature = "systick", not(target_arch = "riscv32")))]
pub use clock::systick;
#[cfg(target_os = "none")]
pub use halt::halt;
pub use output::Output;
pub use print::Print;
pub use vapo_request::Request;
pub use vapo_sampler::Solver;
#[cfg(feature = "monitor")]
pub use {vapo_request::Watch, watch::recorded::recorded};

#[cfg(feature = "rtt")]
pub use output::rtt;
#[cfg(feature = "semihosting")]
pub use output::semihosting;

/// Bytes that begin at a multiple of four, as the weights of a model in flash should.
#[repr(C, align(4))]
#[derive(Debug)]
pub struct Aligned<T: ?Sized>(pub T);

// What the text that a build script makes of a plan names.
#[doc(hidden)]
pub use vapo_format::{Encoding, Exponents, Layer, Shape, Structure, layer};
#[doc(hidden)]
pub use vapo_sampler::PlanFor;
#[doc(hidden)]
pub use vapo_sampler::plan::{Contribution, Step, Work};
