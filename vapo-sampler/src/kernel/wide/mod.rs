//! The integer convolutions and SiLU on hosts: the widest vectors of the processor, the same bits as on devices.
//!
//! Sums of integers are exact in any order, so each processor may use its best instructions.
//!
//! | module | concept |
//! |---|---|
//! | `pass` | which linear map of neighbouring pixels a convolution is, each way, and the layout of its weights |
//! | `convolution` | all tiles of an image, with padding before and requantisation after |
//! | `tile` | sums of a tile of pixels and outputs in registers, over the whole window |
//! | `requantise` | from sums to values |
//! | `part` | parts of a vector in memory |
//! | `lanes` | what a processor must offer, and the same in plain Rust |
//! | [`silu`] | SiLU and its derivative |
//! | `unpacked` | the weights of a model, unpacked once |
//! | `x86` | what x86-64 offers: VNNI, AVX-512, AVX2 |

mod convolution;
mod lanes;
mod part;
mod pass;
mod requantise;
#[cfg(target_arch = "x86_64")]
pub mod silu;
#[cfg(test)]
mod tests;
mod tile;
mod unpacked;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(not(target_arch = "x86_64"))]
pub use crate::kernel::silu;
pub use convolution::convolve;
pub use pass::{scratch_words, unpack, unpacked_words};
pub use unpacked::Unpacked;
pub(crate) use unpacked::Wide;
