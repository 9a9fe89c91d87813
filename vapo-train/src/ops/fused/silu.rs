//! SiLU and its dual; [`super::film`] comes before it where it is modulated.

use super::memory::{self, Shared, State};
use super::{Cotangents, Recorded, Recording, silu_derivatives};
use crate::ops::kernel::real::{Real, dispatch_all};
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;
use pulp::{Simd, WithSimd};

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
            Pass::Value | Pass::Weights => dispatch_all(Value { x: &mut x, slope, bend }),
            Pass::Dual => dispatch_all(Dual { tangent: &mut x, slope, bend }),
        }
    }
    let output = input.device().tensor_from_vec(x, *input.shape());
    let (of_output, pass) = (output.ghost(), recording.pass);
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let to = grads.get_or_alloc_mut(&of_input)?;
        let Kept { slope, bend } = &mut *state.lock();
        match pass {
            Pass::Value | Pass::Weights => dispatch_all(Reverse { g: &g, slope, bend, to }),
            Pass::Dual => dispatch_all(ReverseDual { g: &g, slope, bend, to }),
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

// Structs, not closures: what a closure does is not compiled into the function that has the wide vectors.
/// x becomes silu(x).
struct Value<'a, E> {
    x: &'a mut [E],
    slope: &'a mut [E],
    bend: &'a mut [E],
}

impl<E: Real> WithSimd for Value<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((x, slope), bend) in self.x.iter_mut().zip(self.slope).zip(self.bend) {
            (*x, *slope, *bend) = silu_derivatives(*x);
        }
    }
}

/// to += ḡ·silu'(x), and bend becomes ḡ·silu''(x).
struct Reverse<'a, E> {
    g: &'a [E],
    slope: &'a [E],
    bend: &'a mut [E],
    to: &'a mut [E],
}

impl<E: Real> WithSimd for Reverse<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (((to, g), slope), bend) in self.to.iter_mut().zip(self.g).zip(self.slope).zip(self.bend) {
            *to += *g * *slope;
            *bend *= *g;
        }
    }
}

/// ẋ becomes silu'(x)·ẋ, and bend ḡ·silu''(x)·ẋ: how the first pass's cotangent of x changes along the tangent.
struct Dual<'a, E> {
    tangent: &'a mut [E],
    slope: &'a [E],
    bend: &'a mut [E],
}

impl<E: Real> WithSimd for Dual<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((tangent, slope), bend) in self.tangent.iter_mut().zip(self.slope).zip(self.bend) {
            *bend *= *tangent;
            *tangent *= *slope;
        }
    }
}

/// to += ḡ·silu'(x) + bend.
struct ReverseDual<'a, E> {
    g: &'a [E],
    slope: &'a [E],
    bend: &'a [E],
    to: &'a mut [E],
}

impl<E: Real> WithSimd for ReverseDual<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (((to, g), slope), bend) in self.to.iter_mut().zip(self.g).zip(self.slope).zip(self.bend) {
            *to += *g * *slope + *bend;
        }
    }
}
