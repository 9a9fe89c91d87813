//! y = x + conv₂(silu(h)), h = conv₁(silu(x))·(1 + scale) + shift, where (scale, shift) = film(embedding).

use super::activation::{silu_into, silu_rate};
use super::conv::{convolve, convolve_transposed};
use super::frame::Frame;
use crate::arena::split;
use crate::kernel::{Direction, linear};

/// Frame: x | h | y | silu → x | h | y.
pub(super) fn forward(frame: Frame<'_, '_>) -> Option<()> {
    let n = frame.input.elements();
    let mut matrices = frame.matrices();
    let (conv1, film, conv2) = (matrices.next()?, matrices.next()?, matrices.next()?);
    let channels = conv1.columns;
    let vector = frame.vector.get_mut(..film.columns)?;
    linear(&film, Direction::Forward, 1, frame.embedding, vector);
    let (scale, shift) = vector.split_at_checked(channels)?;

    let [x, h, y, s] = split(frame.memory, [n; 4])?;
    silu_into(x, s);
    convolve(&conv1, frame.input, s, h);
    for pixel in h.chunks_exact_mut(channels.max(1)) {
        for ((h, scale), shift) in pixel.iter_mut().zip(scale).zip(shift) {
            *h = *h * (1.0 + scale) + shift;
        }
    }
    silu_into(h, s);
    convolve(&conv2, frame.input, s, y);
    y.iter_mut().zip(x).for_each(|(y, x)| *y += *x);
    Some(())
}

/// Frame: x | h | cotangent of y | scratch → cotangent of x.
pub(super) fn reverse(frame: Frame<'_, '_>) -> Option<()> {
    let n = frame.input.elements();
    let mut matrices = frame.matrices();
    let (conv1, film, conv2) = (matrices.next()?, matrices.next()?, matrices.next()?);
    let channels = conv1.columns;
    // Computed again: that costs less than memory for every block's vector.
    let vector = frame.vector.get_mut(..film.columns)?;
    linear(&film, Direction::Forward, 1, frame.embedding, vector);
    let scale = vector.get(..channels)?;

    let [x, h, g, s] = split(frame.memory, [n; 4])?;
    convolve_transposed(&conv2, frame.input, g, s);
    for (s, h) in s.chunks_exact_mut(channels.max(1)).zip(h.chunks_exact(channels.max(1))) {
        for ((s, h), scale) in s.iter_mut().zip(h).zip(scale) {
            *s *= silu_rate(*h) * (1.0 + scale);
        }
    }
    convolve_transposed(&conv1, frame.input, s, h);
    for ((x, g), h) in x.iter_mut().zip(g).zip(h) {
        *x = *g + *h * silu_rate(*x);
    }
    Some(())
}
