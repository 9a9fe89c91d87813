//! In integers: by the kernels of [`crate::convolution`].

use super::extents;
use crate::arithmetic::integer::Integer;
use crate::convolution::{self, Buffers, Geometry, Weights};
use crate::layer::{At, Compute, Room, Values};
use vapo_format::layer::Conv;
use vapo_format::matrix;

impl Compute<Integer> for Conv {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, i16>, y: &mut [i16], room: Room<'_>) {
        let (geometry, Some(weights)) = (geometry(self, at), weights(at)) else { return };
        convolution::convolve(convolution::Direction::Forward, &geometry, &weights, buffers(x, y), room.work);
    }

    fn reverse(
        &self,
        at: &At<'_>,
        _: Values<'_, i16>,
        g: &mut [i16],
        to: &mut [i16],
        _: usize,
        room: Room<'_>,
    ) {
        let (geometry, Some(weights)) = (geometry(self, at), weights(at)) else { return };
        let buffers = if to.is_empty() { Buffers::InPlace(g) } else { Buffers::Apart(g, to) };
        convolution::convolve(convolution::Direction::Reverse, &geometry, &weights, buffers, room.work);
    }
}

fn buffers<'m>(x: &'m [i16], y: &'m mut [i16]) -> Buffers<'m> {
    if x.is_empty() { Buffers::InPlace(y) } else { Buffers::Apart(x, y) }
}

fn geometry(conv: &Conv, at: &At<'_>) -> Geometry {
    extents(conv, at.input, at.output)
}

fn weights<'a>(at: &At<'a>) -> Option<Weights<'a>> {
    let matrix = at.matrix?;
    let matrix::Weights::Integer { words, forward, reverse, shifts } = matrix.weights else { return None };
    let shifts = [shifts.forward, shifts.reverse, shifts.sum];
    Some(Weights { words, forward, reverse, biases: matrix.biases, shifts })
}

