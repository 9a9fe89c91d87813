//! SiLU and its dual.

use super::{Cotangents, Recorded, silu_derivatives};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;
use pulp::Arch;

/// (x, ẋ) → (silu(x), silu'(x)·ẋ).
pub(super) fn silu<E: Real>(input: &Images<E, Cpu>, pass: Pass, tape: &mut OwnedTape<E, Cpu>) -> Images<E, Cpu> {
    let mut saved = values(input);
    let half = saved.len() / pass.streams();
    let mut output = vec![E::default(); saved.len()];
    let (x, tangent) = saved.split_at_mut(half);
    let (y, y_tangent) = output.split_at_mut(half);
    // What the reverse pass needs takes the place of the input: silu'(x), and silu''(x)·ẋ.
    Arch::new().dispatch(|| match pass {
        Pass::Value | Pass::Weights => value(x, y),
        Pass::Dual => dual(x, tangent, y, y_tangent),
    });
    let output = input.device().tensor_from_vec(output, *input.shape());
    let (of_input, of_output) = (input.ghost(), output.ghost());
    tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let to = grads.get_or_alloc_mut(&of_input)?;
        Arch::new().dispatch(|| reverse(&saved, &g, to, half));
        Ok(())
    });
    output
}

#[inline(always)]
fn value<E: Real>(x: &mut [E], y: &mut [E]) {
    for (x, y) in x.iter_mut().zip(y) {
        (*y, *x, _) = silu_derivatives(*x);
    }
}

#[inline(always)]
fn dual<E: Real>(x: &mut [E], tangent: &mut [E], y: &mut [E], y_tangent: &mut [E]) {
    for (((x, tangent), y), y_tangent) in x.iter_mut().zip(tangent).zip(y).zip(y_tangent) {
        let (value, first, second) = silu_derivatives(*x);
        (*y, *y_tangent) = (value, first * *tangent);
        (*x, *tangent) = (first, second * *tangent);
    }
}

/// ḡₓ += ḡ_y·silu' + ḡ_ẏ·silu''·ẋ, ḡ_ẋ += ḡ_ẏ·silu'.
#[inline(always)]
fn reverse<E: Real>(saved: &[E], g: &[E], to: &mut [E], half: usize) {
    let (first, second) = saved.split_at(half);
    let (g, g_tangent) = g.split_at(half);
    let (to, to_tangent) = to.split_at_mut(half);
    for ((to, g), first) in to.iter_mut().zip(g).zip(first) {
        *to += *g * *first;
    }
    for ((((to, to_tangent), g), first), second) in to.iter_mut().zip(to_tangent).zip(g_tangent).zip(first).zip(second)
    {
        *to += *g * *second;
        *to_tangent += *g * *first;
    }
}
