//! Convolutions: y = windows(x)·W + biases; in reverse, each tap's cotangent goes back through W transposed.

#[cfg(feature = "float")]
mod float;
#[cfg(feature = "integer")]
mod integer;

use crate::kernel::convolution::{Direction, Geometry};
use vapo_format::Shape;
use vapo_format::layer::Conv;

/// Bytes that a convolution of integers works in.
pub(crate) fn work_bytes(conv: &Conv, [input, output]: [Shape; 2], direction: Direction) -> usize {
    Geometry::of(conv, input, output).scratch_words(direction).saturating_mul(size_of::<u32>())
}
