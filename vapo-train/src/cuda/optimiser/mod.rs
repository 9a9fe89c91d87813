//! The launches that measure the gradient and move the parameters, as [`crate::optimiser`] does on the processor.
//!
//! There are as many for few matrices as for many: a launch is for all ranges or matrices at once, and its blocks find theirs by
//! a table.
//!
//! | module | concept |
//! |---|---|
//! | `ranges` | the table of parameters that lie together, and the launches that read it: the norm and Adam |
//! | `matrices` | the table of matrices |
//! | `muon` | the launches of Muon |

mod matrices;
mod muon;
mod ranges;

use super::emitter::Stores;
use super::program::{Buffer, Builder, Element, Phase, Role, Scalar, Sweep};
use crate::optimiser::{Clip, Moves, adam, ema};
use matrices::Matrices;
use ranges::Ranges;

/// Values that a block has of what is done value by value, by the file `values.cuh`.
const CHUNK: usize = 2048;

/// What an optimiser keeps: a value a parameter, in their order.
#[derive(Clone, Copy, Debug)]
pub(super) struct OptimiserState {
    /// First moments: Adam's, and Muon's momentum.
    pub(super) first: Buffer,
    /// Second moments, zero where Muon moves.
    pub(super) second: Buffer,
    /// The moving average.
    pub(super) average: Buffer,
    /// The sum of the squares of the gradient of all that moves, one f64, which the host reads after [`Phase::Measure`].
    pub(super) squares: Buffer,
}

/// Appends what measures the gradient and what moves the parameters: [`Phase::Measure`] and [`Phase::Move`]. Muon's weights lose
/// the part `decay` of themselves a step, in units of the learning rate. What rests keeps its value, its moments and its average.
pub(super) fn optimiser(builder: &mut Builder, stores: Stores, moves: &Moves, decay: f32) -> OptimiserState {
    let mut each = |role| builder.buffer(role, moves.parameters);
    let (first, second, average) = (each(Role::Moments), each(Role::Moments), each(Role::Average));
    let squares = builder.buffer_of(Element::Double, Role::Exchanged, 1);
    let state = OptimiserState { first, second, average, squares };

    builder.begin(Phase::Measure);
    builder.sweep(Sweep::Optimiser);
    Ranges::new(builder, &moves.ranges()).measure(builder, stores, state);

    builder.begin(Phase::Move);
    builder.exchanged(squares);
    if !moves.rest.is_empty() {
        Ranges::new(builder, &moves.rest).adam(builder, stores, state);
    }
    if !moves.orthogonal.is_empty() {
        Matrices::new(builder, &moves.orthogonal).muon(builder, stores, state, decay);
    }
    state
}

/// The numbers of an update, from 1, of [`Phase::Move`].
pub(super) fn scalars(
    update: u64,
    (clip, shorten): (Clip, f64),
    learning_rate: f32,
    average_decay: f32,
) -> [f64; Scalar::COUNT] {
    let update_of_adam = u32::try_from(update).unwrap_or(u32::MAX);
    let [first, second] = adam::corrections(update_of_adam);
    let before = adam::correction_to_clip(clip, update_of_adam.saturating_sub(1));
    let mut scalars = Scalar::NONE;
    for (scalar, value) in [
        (Scalar::Shorten, shorten),
        (Scalar::LearningRate, learning_rate.into()),
        (Scalar::AverageRate, ema::rate(average_decay, update).into()),
        (Scalar::Corrections(0), first.into()),
        (Scalar::Corrections(1), second.into()),
        (Scalar::Clip, before.unwrap_or(0.0).into()),
    ] {
        scalars[scalar.index()] = value;
    }
    scalars
}
