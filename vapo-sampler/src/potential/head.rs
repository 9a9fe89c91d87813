//! 1×1 convolution of silu(x), the last layer.

use super::activation::{silu_into, silu_rate};
use super::frame::Frame;
use crate::arena::split;
use crate::kernel::{Direction, linear};

/// Frame: x | output | silu → x | output.
pub(super) fn forward(frame: Frame<'_, '_>) -> Option<()> {
    let (n, m) = (frame.input.elements(), frame.output.elements());
    let matrix = frame.matrices().next()?;
    let [x, y, s] = split(frame.memory, [n, m, n])?;
    silu_into(x, s);
    linear(&matrix, Direction::Forward, frame.input.pixels(), s, y);
    Some(())
}

/// Frame: x | cotangent of the output | scratch → cotangent of x.
pub(super) fn reverse(frame: Frame<'_, '_>) -> Option<()> {
    let (n, m) = (frame.input.elements(), frame.output.elements());
    let matrix = frame.matrices().next()?;
    let [x, g, s] = split(frame.memory, [n, m, n])?;
    linear(&matrix, Direction::Reverse, frame.input.pixels(), g, s);
    x.iter_mut().zip(s).for_each(|(x, s)| *x = *s * silu_rate(*x));
    Some(())
}
