//! The operations, hand-written for the CPU: one pass over memory each, forward and in reverse.
//!
//! | module | concept |
//! |---|---|
//! | `convolution`, `film`, `silu`, `readout`, `group_norm`, `attention`, `distance` | one operation each |
//! | `residual` | a whole block as one operation |
//! | [`memory`] | what the first pass leaves to the second, and the buffers of both |
//! | `weights` | a matrix as the kernels read it, forward and in reverse |
//!
//! A dual pass carries tangents forward. In reverse, what is recorded for a tangent is the cotangent of its *value*: the
//! cotangent of the tangent itself is remembered from the first pass.

mod attention;
mod convolution;
mod distance;
mod film;
mod group_norm;
pub mod memory;
mod readout;
mod residual;
mod silu;
mod weights;

use super::kernel::real::Real;
use super::{Convolution, Images, Kernels, Matrix, ResidualOperation};
use dfdx::prelude::{Cpu, CpuError, Device, Gradients};
use memory::Memory;
pub(crate) use residual::GROUP;
pub use weights::Weights;

/// Operations on the CPU in f32 or f64.
pub struct Fused;

type Recorded = Result<(), CpuError>;
type Cotangents<E> = Gradients<E, Cpu>;
type Recording<'m, E> = super::Recording<'m, E, Cpu, Memory>;

impl<E: Real> Kernels<E, Cpu> for Fused
where
    Cpu: Device<E>,
{
    type Memory = Memory;
    const VALUES_AGAIN: bool = false;
    const RESIDUAL: Option<ResidualOperation<E, Cpu, Memory>> = Some(residual::residual);

    fn convolution(
        op: Convolution<'_, E, Cpu>,
        input: &Images<E, Cpu>,
        recording: &mut Recording<'_, E>,
    ) -> Images<E, Cpu> {
        convolution::convolution(op, input, recording)
    }

    fn silu(input: &Images<E, Cpu>, film: Option<&Images<E, Cpu>>, recording: &mut Recording<'_, E>) -> Images<E, Cpu> {
        match film {
            None => silu::silu(input, recording),
            Some(film) => silu::silu(&film::film(input, film, recording), recording),
        }
    }

    fn readout(
        head: &Images<E, Cpu>,
        factors: &Images<E, Cpu>,
        image: &Images<E, Cpu>,
        recording: &mut Recording<'_, E>,
    ) -> Images<E, Cpu> {
        readout::readout(head, factors, image, recording)
    }

    fn group_norm(
        groups: usize,
        matrix: &Matrix<E, Cpu>,
        input: &Images<E, Cpu>,
        recording: &mut Recording<'_, E>,
    ) -> Images<E, Cpu> {
        group_norm::group_norm(groups, matrix, input, recording)
    }

    fn attention(heads: usize, input: &Images<E, Cpu>, recording: &mut Recording<'_, E>) -> Images<E, Cpu> {
        attention::attention(heads, input, recording)
    }

    fn distance(of: &Images<E, Cpu>, signal: &Images<E, Cpu>, recording: &mut Recording<'_, E>) -> Images<E, Cpu> {
        distance::distance(of, signal, recording)
    }
}

/// to += every row of a table.
#[inline(always)]
fn add_rows<E: Real>(table: &[E], to: &mut [E]) {
    for row in table.chunks_exact(to.len()) {
        to.iter_mut().zip(row).for_each(|(to, value)| *to += *value);
    }
}

/// SiLU and its first two derivatives at x.
#[inline(always)]
pub(crate) fn silu_derivatives<E: Real>(x: E) -> (E, E, E) {
    let one = E::from_float(1.0);
    let s = one / (one + (E::default() - x).exponential());
    let first = s * (one + x * (one - s));
    let second = s * (one - s) * (one + one + x * (one - s - s));
    (x * s, first, second)
}
