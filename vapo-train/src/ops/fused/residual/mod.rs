//! A residual block, x + conv₂(silu(conv₁(silu(x))·(1 + scale) + shift)), as one operation.
//!
//! A few images at a time go through all of its steps, so that what one step leaves is in the caches when the next one
//! reads it. What windows are read from is written with its border at once. With a = silu(x), h = conv₁(a) + b₁,
//! m = h·(1 + scale) + shift, c = silu(m) and y = x + conv₂(c) + b₂, a bar for the cotangent of the first pass, a dot for
//! a tangent and a hat for the cotangent of a value in the second pass:
//!
//! | pass | forward | in reverse |
//! |---|---|---|
//! | first | a, h, m, c, y | m̄ = silu'(m)·conv₂ᵀȳ, h̄ = (1 + scale)·m̄, x̄ = ȳ + silu'(x)·conv₁ᵀh̄ |
//! | second | ȧ, ḣ, ṁ, ċ, ẏ, each the first's derivative | m̂ = silu'(m)·conv₂ᵀŷ + silu''(m)·c̄·ṁ, ĥ = (1 + scale)·m̂ + scale˙·m̄, x̂ = ŷ + silu'(x)·conv₁ᵀĥ + silu''(x)·ā·ẋ |
//!
//! and the gradients of the weights are windows(c)ᵀŷ + windows(ċ)ᵀȳ and windows(a)ᵀĥ + windows(ȧ)ᵀh̄.
//!
//! | module | concept |
//! |---|---|
//! | `grid` | where rows lie, with and without a border |
//! | `buffers` | what is kept |
//! | `values`, `tangents` | the passes, forward and in reverse |
//! | `elementwise` | their loops over rows |

mod buffers;
mod elementwise;
mod grid;
mod tangents;
mod values;

use super::memory;
use super::weights::Prepared;
use super::{Cotangents, Recorded, Recording};
use crate::ops::kernel::real::{Real, dispatch};
use crate::ops::kernel::window::Window;
use crate::ops::{Images, Matrix, Pass, Residual, values as read};
use buffers::Kept;
use dfdx::prelude::*;
pub(crate) use grid::GROUP;
use tangents::{Tangents, TangentsReverse, WeightGradients};
use values::{Values, ValuesReverse};

pub(super) fn residual<E: Real>(
    block: Residual<'_, E, Cpu>,
    input: &Images<E, Cpu>,
    recording: &mut Recording<'_, E>,
) -> Images<E, Cpu> {
    let weights =
        Convolutions { first: prepared(block.conv1, block.window), second: prepared(block.conv2, block.window) };
    let (device, extent) = (input.device(), *input.shape());
    let (mut output, film) = (read(input), read(block.film));
    let (of_input, of_film) = (input.ghost(), block.film.ghost());
    match recording.pass {
        Pass::Value => {
            let state = memory::keep::<E, Kept<E>>(recording, (block.window, extent));
            {
                let Kept { grid, buffers } = &mut *state.lock();
                buffers.set_film(&film, grid.channels);
                dispatch::<E, _>(weights.lanes(), Values { grid, weights: &weights, buffers, output: &mut output });
            }
            let output = device.tensor_from_vec(output, extent);
            let of_output = output.ghost();
            recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
                let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
                let mut to = std::mem::take(&mut **grads.get_or_alloc_mut(&of_input)?);
                let to_film = grads.get_or_alloc_mut(&of_film)?;
                let Kept { grid, buffers } = &mut *state.lock();
                let op = ValuesReverse { grid, weights: &weights, buffers, g: &g, to: &mut to, to_film };
                dispatch::<E, _>(weights.lanes(), op);
                **grads.get_or_alloc_mut(&of_input)? = to;
                Ok(())
            });
            output
        }
        Pass::Dual => {
            let state = memory::recall::<E, Kept<E>>(recording);
            {
                let Kept { grid, buffers } = &mut *state.lock();
                buffers.film_tangent = film;
                dispatch::<E, _>(weights.lanes(), Tangents { grid, weights: &weights, buffers, output: &mut output });
            }
            let output = device.tensor_from_vec(output, extent);
            let of_output = output.ghost();
            let [(weight1, bias1), (weight2, bias2)] =
                [block.conv1, block.conv2].map(|matrix| (matrix.weight.ghost(), matrix.bias.ghost()));
            recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
                let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
                let mut to = std::mem::take(&mut **grads.get_or_alloc_mut(&of_input)?);
                let mut of_weights = [
                    std::mem::take(&mut **grads.get_or_alloc_mut(&weight1)?),
                    std::mem::take(&mut **grads.get_or_alloc_mut(&weight2)?),
                ];
                let mut of_biases = [
                    std::mem::take(&mut **grads.get_or_alloc_mut(&bias1)?),
                    std::mem::take(&mut **grads.get_or_alloc_mut(&bias2)?),
                ];
                let (to_film, to_bias) =
                    (grads.get_or_alloc_mut(&of_film)?, of_biases.each_mut().map(|bias| &mut **bias));
                let Kept { grid, buffers } = &mut *state.lock();
                let op = TangentsReverse { grid, weights: &weights, buffers, g: &g, to: &mut to, to_film, to_bias };
                dispatch::<E, _>(weights.lanes(), op);
                **grads.get_or_alloc_mut(&of_input)? = to;
                let gradients = of_weights.each_mut().map(|weight| &mut **weight);
                dispatch::<E, _>(weights.lanes(), WeightGradients { grid, buffers, gradients });
                let ([of_weight1, of_weight2], [of_bias1, of_bias2]) = (of_weights, of_biases);
                **grads.get_or_alloc_mut(&weight1)? = of_weight1;
                **grads.get_or_alloc_mut(&weight2)? = of_weight2;
                **grads.get_or_alloc_mut(&bias1)? = of_bias1;
                **grads.get_or_alloc_mut(&bias2)? = of_bias2;
                Ok(())
            });
            output
        }
        Pass::Weights => unreachable!("ordinary networks have no residual blocks"),
    }
}

fn prepared<E: Real>(matrix: &Matrix<E, Cpu>, window: Window) -> Prepared<E> {
    Prepared::new(matrix, window)
}

struct Convolutions<E> {
    first: Prepared<E>,
    second: Prepared<E>,
}

impl<E: Real> Convolutions<E> {
    /// Lanes that a pixel of either fills.
    fn lanes(&self) -> usize {
        self.first.forward.lanes()
    }
}
