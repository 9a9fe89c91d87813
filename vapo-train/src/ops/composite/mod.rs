//! The operations as compositions of dfdx's own: what others are compared with. Slower, and short enough to check by eye.

mod attention;
mod convolution;
mod distance;
mod elementwise;
mod group_norm;
mod readout;
mod streams;

use super::{Convolution, Images, Kernels, Matrix, Recording};
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

    fn silu(
        input: &Images<E, D>,
        film: Option<&Images<E, D>>,
        recording: &mut Recording<'_, E, D, ()>,
    ) -> Images<E, D> {
        let (pass, tape) = (recording.pass, &mut recording.tape);
        match film {
            None => elementwise::silu(input, pass, tape),
            Some(film) => elementwise::film_silu(input, film, pass, tape),
        }
    }

    fn readout(
        head: &Images<E, D>,
        factors: &Images<E, D>,
        image: &Images<E, D>,
        recording: &mut Recording<'_, E, D, ()>,
    ) -> Images<E, D> {
        readout::readout(head, factors, image, recording.pass, &mut recording.tape)
    }

    fn group_norm(
        groups: usize,
        matrix: &Matrix<E, D>,
        input: &Images<E, D>,
        recording: &mut Recording<'_, E, D, ()>,
    ) -> Images<E, D> {
        group_norm::group_norm(groups, matrix, input, recording.pass, &mut recording.tape)
    }

    fn attention(heads: usize, input: &Images<E, D>, recording: &mut Recording<'_, E, D, ()>) -> Images<E, D> {
        attention::attention(heads, input, recording.pass, &mut recording.tape)
    }

    fn distance(of: &Images<E, D>, signal: &Images<E, D>, recording: &mut Recording<'_, E, D, ()>) -> Images<E, D> {
        distance::distance(of, signal, recording.pass, &mut recording.tape)
    }
}
