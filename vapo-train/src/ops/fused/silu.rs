//! SiLU and its dual.

use super::memory::{self, Shared, State};
use super::{Cotangents, Recorded, Recording, silu_derivatives};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;

/// x → silu(x), or ẋ → silu'(x)·ẋ. Leaves silu'(x) and silu''(x); the latter times its cotangent ḡ after the first
/// reverse pass, times ẋ too after the second pass forward.
pub(super) fn silu<E: Real>(input: &Images<E, Cpu>, recording: &mut Recording<'_, E>) -> Images<E, Cpu> {
    let mut x = values(input);
    let of_input = input.ghost();
    let state: Shared<Kept<E>> = match recording.pass {
        Pass::Value | Pass::Weights => memory::keep(recording, x.len()),
        Pass::Dual => memory::recall(recording),
    };
    {
        let Kept { slope, bend } = &mut *state.lock();
        match recording.pass {
            Pass::Value | Pass::Weights => value(&mut x, slope, bend),
            Pass::Dual => dual(&mut x, slope, bend),
        }
    }
    let output = input.device().tensor_from_vec(x, *input.shape());
    let (of_output, pass) = (output.ghost(), recording.pass);
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let to = grads.get_or_alloc_mut(&of_input)?;
        let Kept { slope, bend } = &mut *state.lock();
        match pass {
            Pass::Value | Pass::Weights => reverse(&g, slope, bend, to),
            Pass::Dual => reverse_dual(&g, slope, bend, to),
        }
        Ok(())
    });
    output
}

struct Kept<E> {
    slope: Vec<E>,
    bend: Vec<E>,
}

impl<E: Real> State for Kept<E> {
    type Extent = usize;

    fn new(values: usize) -> Self {
        Kept { slope: vec![E::default(); values], bend: vec![E::default(); values] }
    }

    fn extent(&self) -> usize {
        self.slope.len()
    }
}

/// x becomes silu(x).
fn value<E: Real>(x: &mut [E], slope: &mut [E], bend: &mut [E]) {
    for ((x, slope), bend) in x.iter_mut().zip(slope).zip(bend) {
        (*x, *slope, *bend) = silu_derivatives(*x);
    }
}

/// to += ḡ·silu'(x), and bend becomes ḡ·silu''(x).
fn reverse<E: Real>(g: &[E], slope: &[E], bend: &mut [E], to: &mut [E]) {
    for (((to, g), slope), bend) in to.iter_mut().zip(g).zip(slope).zip(bend) {
        *to += *g * *slope;
        *bend *= *g;
    }
}

/// ẋ becomes silu'(x)·ẋ, and bend ḡ·silu''(x)·ẋ: how the first pass's cotangent of x changes along the tangent.
fn dual<E: Real>(tangent: &mut [E], slope: &[E], bend: &mut [E]) {
    for ((tangent, slope), bend) in tangent.iter_mut().zip(slope).zip(bend) {
        *bend *= *tangent;
        *tangent *= *slope;
    }
}

/// to += ḡ·silu'(x) + bend.
fn reverse_dual<E: Real>(g: &[E], slope: &[E], bend: &[E], to: &mut [E]) {
    for (((to, g), slope), bend) in to.iter_mut().zip(g).zip(slope).zip(bend) {
        *to += *g * *slope + *bend;
    }
}
