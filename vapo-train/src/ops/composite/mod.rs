//! The operations as compositions of dfdx's own, for any of its devices. Slower, and short enough to check by eye.

mod convolution;
mod elementwise;
mod readout;
mod streams;

use super::{Convolution, Images, Kernels, Pass, Scalars};
use dfdx::prelude::{Device, Dtype, OwnedTape};

/// Operations on any device.
pub struct Composite;

impl<E: Dtype, D: Device<E>> Kernels<E, D> for Composite {
    fn convolution(op: Convolution<'_, E, D>, input: &Images<E, D>, tape: &mut OwnedTape<E, D>) -> Images<E, D> {
        convolution::convolution(op, input, tape)
    }

    fn silu(input: &Images<E, D>, pass: Pass, tape: &mut OwnedTape<E, D>) -> Images<E, D> {
        elementwise::silu(input, pass, tape)
    }

    fn film_silu(input: &Images<E, D>, film: &Images<E, D>, pass: Pass, tape: &mut OwnedTape<E, D>) -> Images<E, D> {
        elementwise::film_silu(input, film, pass, tape)
    }

    fn readout(
        head: &Images<E, D>,
        factors: &Images<E, D>,
        image: &Images<E, D>,
        pass: Pass,
        tape: &mut OwnedTape<E, D>,
    ) -> Scalars<E, D> {
        readout::readout(head, factors, image, pass, tape)
    }
}
