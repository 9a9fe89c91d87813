//! SiLU and its dual.

use super::{Cotangents, Recorded, Recording, silu_derivatives};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;
use pulp::Arch;

/// x → silu(x), or ẋ → silu'(x)·ẋ. Leaves silu'(x), silu''(x) and, of its cotangent
/// ḡ, ḡ·silu''(x): how the input's cotangent changes with x.
pub(super) fn silu<E: Real>(input: &Images<E, Cpu>, recording: &mut Recording<E>) -> Images<E, Cpu> {
    let mut x = values(input);
    let of_input = input.ghost();
    match recording.pass {
        Pass::Value | Pass::Weights => {
            let (mut first, mut second) = (vec![E::default(); x.len()], vec![E::default(); x.len()]);
            Arch::new().dispatch(|| value(&mut x, &mut first, &mut second));
            let output = input.device().tensor_from_vec(x, *input.shape());
            let of_output = output.ghost();
            let kept = recording.memory.keep(vec![first, second]);
            recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
                let mut g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
                let to = grads.get_or_alloc_mut(&of_input)?;
                Arch::new().dispatch(|| reverse(&mut g, &kept.values[0], &kept.values[1], to));
                kept.set_cotangents(vec![g]);
                Ok(())
            });
            output
        }
        Pass::Dual => {
            let kept = recording.memory.recall();
            let mut bend = vec![E::default(); x.len()];
            Arch::new().dispatch(|| dual(&mut x, &kept.values[0], &kept.cotangents()[0], &mut bend));
            let output = input.device().tensor_from_vec(x, *input.shape());
            let of_output = output.ghost();
            recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
                let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
                let to = grads.get_or_alloc_mut(&of_input)?;
                Arch::new().dispatch(|| reverse_dual(&g, &kept.values[0], &bend, to));
                Ok(())
            });
            output
        }
    }
}

/// x becomes silu(x).
#[inline(always)]
fn value<E: Real>(x: &mut [E], first: &mut [E], second: &mut [E]) {
    for ((x, first), second) in x.iter_mut().zip(first).zip(second) {
        (*x, *first, *second) = silu_derivatives(*x);
    }
}

/// to += ḡ·silu'(x), and ḡ becomes ḡ·silu''(x).
#[inline(always)]
fn reverse<E: Real>(g: &mut [E], first: &[E], second: &[E], to: &mut [E]) {
    for (((to, g), first), second) in to.iter_mut().zip(g).zip(first).zip(second) {
        *to += *g * *first;
        *g *= *second;
    }
}

/// ẋ becomes silu'(x)·ẋ, and bend ḡ·silu''(x)·ẋ: how the first pass's cotangent of x changes along the tangent.
#[inline(always)]
fn dual<E: Real>(tangent: &mut [E], first: &[E], change: &[E], bend: &mut [E]) {
    for (((tangent, first), change), bend) in tangent.iter_mut().zip(first).zip(change).zip(bend) {
        *bend = *change * *tangent;
        *tangent *= *first;
    }
}

/// to += ḡ·silu'(x) + bend.
#[inline(always)]
fn reverse_dual<E: Real>(g: &[E], first: &[E], bend: &[E], to: &mut [E]) {
    for (((to, g), first), bend) in to.iter_mut().zip(g).zip(first).zip(bend) {
        *to += *g * *first + *bend;
    }
}
