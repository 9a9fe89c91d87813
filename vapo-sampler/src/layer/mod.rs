//! What each layer kind computes: one file a kind, with its pass forward and its pass in reverse beside each other.
//!
//! The files have the names of those in `vapo_format::layer`, which say what a layer takes and makes. To add a kind, add its
//! file and its line to the list below.

use vapo_format::layer::MAX_INPUTS;
use vapo_format::{Layer, Matrix, Shape};

/// Where a layer works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// Extent of the first input; none for a layer without.
    pub(crate) input: Shape,
    /// Extent of the output.
    pub(crate) output: Shape,
    /// The weights of a layer that has some.
    pub(crate) matrix: Option<Matrix<'a>>,
    /// Time of the pass.
    pub(crate) time: f32,
}

/// The values of a node's inputs, empty where a pass needs none.
pub(crate) type Values<'m> = [&'m [f32]; MAX_INPUTS];

/// What a layer kind computes.
pub(crate) trait Compute {
    /// Sets `y`, the output. A kind that works in place finds its first input there, and in its place nothing.
    fn forward(&self, at: At<'_>, x: Values<'_>, y: &mut [f32]);

    /// Sets `to`, the cotangent of the input at a position, from `g`, that of the output. A kind that works in place leaves
    /// it in `g`; one that works over a value finds it in `to`, and in its place nothing. The inputs are those that the kind
    /// keeps.
    fn reverse(&self, at: At<'_>, x: Values<'_>, g: &mut [f32], to: &mut [f32], position: usize) {
        let _ = (at, x, g, to, position);
    }
}

macro_rules! kinds {
    ($($file:ident: $Kind:ident,)*) => {
        $(mod $file;)*

        impl Compute for Layer {
            fn forward(&self, at: At<'_>, x: Values<'_>, y: &mut [f32]) {
                match self { $(Layer::$Kind(kind) => kind.forward(at, x, y),)* }
            }

            fn reverse(&self, at: At<'_>, x: Values<'_>, g: &mut [f32], to: &mut [f32], position: usize) {
                match self { $(Layer::$Kind(kind) => kind.reverse(at, x, g, to, position),)* }
            }
        }
    };
}

kinds! {
    signal: Signal,
    time: Time,
    conv: Conv,
    silu: Silu,
    add: Add,
    space_to_depth: SpaceToDepth,
    readout: Readout,
    up: Up,
    concat: Concat,
}

pub(crate) use readout::squared_norm;
