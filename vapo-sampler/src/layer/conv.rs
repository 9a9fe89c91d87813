//! Convolutions: y = windows(x)·W + biases; in reverse, each tap's cotangent goes back through W transposed.

#[cfg(feature = "float")]
mod float;
#[cfg(feature = "integer")]
mod integer;

use crate::kernel::convolution::{Direction, Geometry};
use vapo_format::Shape;
use vapo_format::layer::Conv;

/// The extents of a convolution of integers.
pub(crate) fn extents(conv: &Conv, input: Shape, output: Shape) -> Geometry {
    Geometry { window: conv.window.map(usize::from), tiles: conv.tiles(), input, output }
}

/// Bytes that a convolution of integers works in.
pub(crate) fn work_bytes(
    conv: &Conv,
    [input, output]: [Shape; 2],
    direction: Direction,
) -> usize {
    extents(conv, input, output).scratch_words(direction).saturating_mul(size_of::<u32>())
}

