//! From an image f and the signal x to the potential ½‖x − f‖².

use super::memory::{self, Shared, State};
use super::{Cotangents, Recorded, Recording};
use crate::ops::kernel::real::Real;
use crate::ops::{Images, Pass, values};
use dfdx::prelude::*;

/// Φ = ½ Σ d², with d = x − f, or its tangent Σ d·ḋ. The cotangent of f is −g·d of a potential's cotangent g, and in the second pass
/// −(g·d + ḋ): the cotangent of a potential in the first pass is 1.
pub(super) fn distance<E: Real>(
    of: &Images<E, Cpu>,
    signal: &Images<E, Cpu>,
    recording: &mut Recording<'_, E>,
) -> Images<E, Cpu> {
    let (samples, pass) = (of.shape().0, recording.pass);
    let state: Shared<Kept<E>> = match pass {
        Pass::Value | Pass::Weights => memory::keep(recording, ()),
        Pass::Dual => memory::recall(recording),
    };
    let difference: Vec<E> = values(signal).into_iter().zip(values(of)).map(|(x, f)| x - f).collect();
    let size = difference.len() / samples;
    let output: Vec<E> = {
        let kept = &mut *state.lock();
        let output = match pass {
            Pass::Value | Pass::Weights => {
                dots(&difference, &difference, size).map(|dot| 0.5 * dot).collect::<Vec<_>>()
            }
            Pass::Dual => dots(&kept.value, &difference, size).collect(),
        };
        match pass {
            Pass::Value | Pass::Weights => kept.value = difference,
            Pass::Dual => kept.tangent = difference,
        }
        output.into_iter().map(E::from_float).collect()
    };
    let output = of.device().tensor_from_vec(output, (samples, 1, 1, 1));
    let (of_image, of_signal, of_output) = (of.ghost(), signal.ghost(), output.ghost());
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = grads.get_or_alloc_mut(&of_output)?.to_vec();
        let Kept { value, tangent } = &*state.lock();
        let slope = |i: usize| g[i / size] * value[i];
        for (i, to) in grads.get_or_alloc_mut(&of_image)?.iter_mut().enumerate() {
            *to -= slope(i);
            if pass == Pass::Dual {
                *to -= tangent[i];
            }
        }
        if pass != Pass::Dual {
            grads.get_or_alloc_mut(&of_signal)?.iter_mut().enumerate().for_each(|(i, to)| *to += slope(i));
        }
        Ok(())
    });
    output
}

struct Kept<E> {
    /// d.
    value: Vec<E>,
    /// ḋ.
    tangent: Vec<E>,
}

impl<E: Real> State for Kept<E> {
    type Extent = ();

    fn new((): ()) -> Self {
        Kept { value: Vec::new(), tangent: Vec::new() }
    }

    fn extent(&self) {}
}

/// The inner products of all samples.
fn dots<E: Real>(a: &[E], b: &[E], size: usize) -> impl Iterator<Item = f64> {
    let samples = a.chunks_exact(size).zip(b.chunks_exact(size));
    samples.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a.to_float() * b.to_float()).sum())
}
