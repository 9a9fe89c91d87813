//! In integers: by the kernels of [`crate::kernel::convolution`].

use crate::arithmetic::integer::Integer;
use crate::kernel::convolution::{self, Buffers, Direction, Geometry, Weights};
#[cfg(feature = "wide")]
use crate::kernel::wide::Wide;
use crate::layer::{At, Compute, Room, Values};
use vapo_format::layer::Conv;
use vapo_format::matrix;

impl Compute<Integer> for Conv {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, i16>, y: &mut [i16], room: Room<'_>) {
        let buffers = if x.is_empty() { Buffers::InPlace(y) } else { Buffers::Apart(x, y) };
        convolve(self, Direction::Forward, at, buffers, room);
    }

    fn reverse(&self, at: &At<'_>, _: Values<'_, i16>, g: &mut [i16], to: &mut [i16], _: usize, room: Room<'_>) {
        let buffers = if to.is_empty() { Buffers::InPlace(g) } else { Buffers::Apart(g, to) };
        convolve(self, Direction::Reverse, at, buffers, room);
    }
}

fn convolve(conv: &Conv, direction: Direction, at: &At<'_>, buffers: Buffers<'_>, room: Room<'_>) {
    let (geometry, Some(weights)) = (Geometry::of(conv, at.input, at.output), weights(at)) else { return };
    #[cfg(feature = "wide")]
    if let Some(Wide { unpacked, scratch }) = room.wide {
        return crate::kernel::wide::convolve(direction, &geometry, unpacked, &weights, buffers, scratch);
    }
    convolution::convolve(direction, &geometry, &weights, buffers, room.work);
}

fn weights<'a>(at: &At<'a>) -> Option<Weights<'a>> {
    let matrix = at.matrix?;
    let matrix::Weights::Integer { words, forward, reverse, shifts } = matrix.weights else { return None };
    let shifts = [shifts.forward, shifts.reverse, shifts.sum];
    Some(Weights { words, forward, reverse, biases: matrix.biases, shifts })
}
