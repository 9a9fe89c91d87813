//! The operations as compositions of dfdx's own, for any of its devices. Slower, and short enough to check by eye.

mod convolution;
mod elementwise;
mod readout;
mod streams;

use super::kernel::window::Window;
use super::{Block, Convolution, Images, Kernels, Recording, Scalars};
use dfdx::prelude::{Device, Dtype};

/// Operations on any device.
pub struct Composite;

impl<E: Dtype, D: Device<E>> Kernels<E, D> for Composite {
    type Memory = ();
    const VALUES_AGAIN: bool = true;

    fn convolution(
        op: Convolution<'_, E, D>,
        input: &Images<E, D>,
        recording: &mut Recording<'_, E, D, ()>,
    ) -> Images<E, D> {
        convolution::convolution(op, input, recording.pass, &mut recording.tape)
    }

    fn silu(input: &Images<E, D>, recording: &mut Recording<'_, E, D, ()>) -> Images<E, D> {
        elementwise::silu(input, recording.pass, &mut recording.tape)
    }

    fn residual(block: Block<'_, E, D>, input: &Images<E, D>, recording: &mut Recording<'_, E, D, ()>) -> Images<E, D> {
        let (pass, tape) = (recording.pass, &mut recording.tape);
        let convolution = |matrix| Convolution { window: Window::Same3x3, matrix, leaf: false };
        let active = elementwise::silu(input, pass, tape);
        let hidden = convolution::convolution(convolution(block.conv1), &active, pass, tape);
        let active = elementwise::film_silu(&hidden, block.film, pass, tape);
        let output = convolution::convolution(convolution(block.conv2), &active, pass, tape);
        streams::recorded(&output, tape, |output| output + input.clone())
    }

    fn readout(
        head: &Images<E, D>,
        factors: &Images<E, D>,
        image: &Images<E, D>,
        recording: &mut Recording<'_, E, D, ()>,
    ) -> Scalars<E, D> {
        readout::readout(head, factors, image, recording.pass, &mut recording.tape)
    }
}
