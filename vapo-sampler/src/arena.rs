//! How much memory a model and a solver need.
//!
//! The arena is one slice of f32 elements that the caller lends. Its size follows from the architecture alone, so a
//! build script can compute it and firmware can reserve exactly that. The layout, from the front:
//!
//! ```text
//! embedding | FiLM or readout vector | stack of activations and cotangents | solver's buffers
//! ```
//!
//! Each layer works in a *frame* at the top of the stack. Forward, a frame begins as its input and ends as what the
//! reverse pass needs (`kept`), followed by its output, which begins the next frame. In reverse, it begins as `kept`
//! and the cotangent of its output, and ends as the cotangent of its input. Nothing is stored twice, and what is
//! popped is used again.

use crate::solver::Solver;
use vapo_format::{Architecture, Layer, Shape};

/// f32 elements that a [`crate::Sampler`] of this architecture and solver needs.
///
/// Exact: one element less is refused. A [`crate::Potential`] alone needs [`potential_elements`].
pub fn elements(architecture: &Architecture, solver: Solver) -> usize {
    potential_elements(architecture) + solver.buffers() * architecture.image.elements()
}

/// f32 elements that a [`crate::Potential`] of this architecture needs.
pub fn potential_elements(architecture: &Architecture) -> usize {
    let Plan { embedding, vector, stack } = Plan::new(architecture);
    embedding + vector + stack
}

/// f32 elements that a [`crate::Composition`] of these architectures needs: both potentials and a drift. A solver's
/// buffers come beside them.
pub fn composition_elements(architectures: [&Architecture; 2]) -> usize {
    let [first, second] = architectures;
    potential_elements(first) + potential_elements(second) + first.image.elements()
}

/// Elements of each part of a potential's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The time embedding.
    pub(crate) embedding: usize,
    /// FiLM's scales and shifts of the layer at hand, or the readout's vector.
    pub(crate) vector: usize,
    /// Activations and cotangents. The embedding's hidden layer comes first, before there are any.
    pub(crate) stack: usize,
}

impl Plan {
    /// The same walk as the passes of [`crate::Potential`].
    pub(crate) fn new(architecture: &Architecture) -> Self {
        let embedding = usize::from(architecture.embedding);
        let (mut vector, mut base, mut stack) = (0, 0, embedding);
        for (layer, input, output) in architecture.walk() {
            vector = vector.max(match layer {
                Layer::Residual => 2 * usize::from(input.channels),
                Layer::Head { channels } => 1 + usize::from(channels),
                Layer::SpaceToDepth | Layer::Conv { .. } | Layer::Down { .. } => 0,
            });
            stack = stack.max(base + frame(layer, input, output));
            base += kept(layer, input);
        }
        Plan { embedding, vector, stack }
    }
}

/// Elements of the frame that a layer works in, forward and in reverse.
fn frame(layer: Layer, input: Shape, output: Shape) -> usize {
    match layer {
        Layer::Residual => 4 * input.elements(),
        Layer::Head { .. } => 2 * input.elements() + output.elements(),
        Layer::SpaceToDepth | Layer::Conv { .. } | Layer::Down { .. } => input.elements() + output.elements(),
    }
}

/// Elements of the frame that the reverse pass needs; the layer's output follows them.
pub(crate) fn kept(layer: Layer, input: Shape) -> usize {
    match layer {
        Layer::Residual => 2 * input.elements(),
        Layer::Head { .. } => input.elements(),
        Layer::SpaceToDepth | Layer::Conv { .. } | Layer::Down { .. } => 0,
    }
}

/// Splits the first slices of given lengths off `memory`.
pub(crate) fn split<const K: usize>(memory: &mut [f32], lengths: [usize; K]) -> Option<[&mut [f32]; K]> {
    let mut rest = memory;
    let mut slices = lengths.map(|_| <&mut [f32]>::default());
    for (slice, length) in slices.iter_mut().zip(lengths) {
        let (first, tail) = core::mem::take(&mut rest).split_at_mut_checked(length)?;
        (*slice, rest) = (first, tail);
    }
    Some(slices)
}

/// Moves `length` elements from `start` on to the front.
pub(crate) fn move_to_front(memory: &mut [f32], start: usize, length: usize) -> Option<()> {
    // Cells allow the overlap. Ascending order reads each element before it is overwritten.
    let cells = core::cell::Cell::from_mut(memory).as_slice_of_cells();
    for (to, from) in cells.iter().zip(cells.get(start..)?.get(..length)?) {
        to.set(from.get());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vapo_format::Homotopy;

    /// By hand: embedding 16; vector 2·32 (FiLM at the lowest level); the stack is deepest at the head, which finds
    /// x, h of three blocks (2·512 + 2·256 + 2·128) below its own x, output and scratch (3·128).
    #[test]
    fn digits() {
        let (conv, down16, down32) =
            (Layer::Conv { channels: 8 }, Layer::Down { channels: 16 }, Layer::Down { channels: 32 });
        let head = Layer::Head { channels: 32 };
        let layers = [conv, Layer::Residual, down16, Layer::Residual, down32, Layer::Residual, head];
        let architecture = Architecture {
            image: Shape { channels: 1, height: 8, width: 8 },
            homotopy: Homotopy::Linear,
            embedding: 16,
            layers: layers.into_iter().collect(),
        };
        let stack = 2 * (512 + 256 + 128) + 3 * 128;
        assert_eq!(Plan::new(&architecture), Plan { embedding: 16, vector: 64, stack });
        assert_eq!(potential_elements(&architecture), 2256);
        assert_eq!(elements(&architecture, Solver::Euler), 2256 + 64);
        assert_eq!(elements(&architecture, Solver::Heun), 2256 + 2 * 64);
        assert_eq!(elements(&architecture, Solver::Ab2), 2256 + 2 * 64);
    }

    #[test]
    fn splits_what_is_there_and_nothing_else() {
        let mut memory = [0.0, 1.0, 2.0, 3.0];
        let [a, b] = split(&mut memory, [1, 2]).unwrap();
        assert_eq!((&*a, &*b), ([0.0].as_slice(), [1.0, 2.0].as_slice()));
        assert!(split(&mut memory, [3, 2]).is_none());
    }

    #[test]
    fn moves_overlapping_elements() {
        let mut memory = [0.0, 1.0, 2.0, 3.0];
        move_to_front(&mut memory, 1, 3).unwrap();
        assert_eq!(memory, [1.0, 2.0, 3.0, 3.0]);
        assert!(move_to_front(&mut memory, 2, 3).is_none());
    }
}
