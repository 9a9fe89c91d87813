//! The operations, hand-written for the CPU: one pass over memory each, forward and in reverse.

mod convolution;
mod film_silu;
mod readout;
mod silu;

use super::kernel::real::Real;
use super::{Convolution, Images, Kernels, Pass, Scalars};
use dfdx::prelude::{Cpu, CpuError, Device, Gradients, OwnedTape};

/// Operations on the CPU in f32 or f64.
pub struct Fused;

type Recorded = Result<(), CpuError>;
type Cotangents<E> = Gradients<E, Cpu>;

impl<E: Real> Kernels<E, Cpu> for Fused
where
    Cpu: Device<E>,
{
    fn convolution(
        op: Convolution<'_, E, Cpu>,
        input: &Images<E, Cpu>,
        tape: &mut OwnedTape<E, Cpu>,
    ) -> Images<E, Cpu> {
        convolution::convolution(op, input, tape)
    }

    fn silu(input: &Images<E, Cpu>, pass: Pass, tape: &mut OwnedTape<E, Cpu>) -> Images<E, Cpu> {
        silu::silu(input, pass, tape)
    }

    fn film_silu(
        input: &Images<E, Cpu>,
        film: &Images<E, Cpu>,
        pass: Pass,
        tape: &mut OwnedTape<E, Cpu>,
    ) -> Images<E, Cpu> {
        film_silu::film_silu(input, film, pass, tape)
    }

    fn readout(
        head: &Images<E, Cpu>,
        factors: &Images<E, Cpu>,
        image: &Images<E, Cpu>,
        pass: Pass,
        tape: &mut OwnedTape<E, Cpu>,
    ) -> Scalars<E, Cpu> {
        readout::readout(head, factors, image, pass, tape)
    }
}

/// SiLU and its first two derivatives at x.
#[inline(always)]
fn silu_derivatives<E: Real>(x: E) -> (E, E, E) {
    let one = E::from_float(1.0);
    let s = one / (one + (E::default() - x).exponential());
    let first = s * (one + x * (one - s));
    let second = s * (one - s) * (one + one + x * (one - s - s));
    (x * s, first, second)
}
