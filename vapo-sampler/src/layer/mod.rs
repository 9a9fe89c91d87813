//! What each layer kind computes: one file a kind, with its pass forward and its pass in reverse beside each other, for each
//! arithmetic.
//!
//! The files have the names of those in `vapo_format::layer`, which say what a layer takes and makes. To add a kind, add its
//! file and its line to the list below.

use crate::arithmetic::Arithmetic;
#[cfg(feature = "float")]
use crate::arithmetic::float::Float;
#[cfg(feature = "integer")]
use crate::arithmetic::integer::Integer;
use crate::kernel::convolution::Direction;
use crate::observer::Observer;
use vapo_format::layer::MAX_INPUTS;
use vapo_format::{Exponents, Layer, Matrix, Shape};

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
    /// Class of the pass, if it has one.
    pub(crate) class: Option<u16>,
    /// What integers stand for: of the output, and of each input.
    pub(crate) exponents: Exponents,
    pub(crate) of_inputs: [Exponents; MAX_INPUTS],
}

/// The values of a node's inputs, empty where a pass needs none.
pub(crate) type Values<'m, V> = [&'m [V]; MAX_INPUTS];

/// Memory beside activations, as the plan has it: nothing where a layer asks for none.
#[derive(Debug, Default)]
pub(crate) struct Room<'m> {
    /// What the pass forward leaves for the pass in reverse.
    #[cfg_attr(not(feature = "integer"), allow(dead_code))]
    pub(crate) kept: &'m mut [u8],
    /// What a pass needs while it works.
    #[cfg_attr(not(feature = "integer"), allow(dead_code))]
    pub(crate) work: &'m mut [u32],
    /// What a host has beside that.
    #[cfg(feature = "wide")]
    pub(crate) wide: Option<crate::kernel::wide::Wide<'m>>,
}

/// What a layer kind computes.
pub(crate) trait Compute<A: Arithmetic> {
    /// Sets `y`, the output. A layer that works in place finds an input there, and in that input's place nothing.
    fn forward(&self, at: &At<'_>, x: Values<'_, A::Value>, y: &mut [A::Value], room: Room<'_>);

    /// Tells of what the layer is of, where that is neither an input nor the output. Called before the output is set.
    fn observe(&self, observer: &mut impl Observer, node: u16, at: &At<'_>, x: Values<'_, A::Value>, y: &[A::Value]) {
        let _ = (observer, node, at, x, y);
    }

    /// Sets `to`, the cotangent of the input at a position, from `g`, that of the output. A layer that works in place leaves
    /// it in `g`, and finds nothing in `to`; one that works over a value finds it in `to`, and in its place nothing. The
    /// inputs are those that the kind keeps.
    fn reverse(
        &self,
        at: &At<'_>,
        x: Values<'_, A::Value>,
        g: &mut [A::Value],
        to: &mut [A::Value],
        position: usize,
        room: Room<'_>,
    ) {
        let _ = (at, x, g, to, position, room);
    }
}

/// Bytes that a layer needs in integer arithmetic while it works.
pub(crate) fn work_bytes(layer: &Layer, extents: [Shape; 2], direction: Direction) -> usize {
    match layer {
        Layer::Conv(conv) => conv::work_bytes(conv, extents, direction),
        _ => 0,
    }
}

macro_rules! kinds {
    ($($(#[cfg(feature = $feature:literal)])? $file:ident: $Kind:ident,)*) => {
        $($(#[cfg(feature = $feature)])?
        pub(crate) mod $file;)*

        #[cfg(feature = "float")]
        kinds!(of Float: $($(#[cfg(feature = $feature)])? $Kind,)*);
        #[cfg(feature = "integer")]
        kinds!(of Integer: $($(#[cfg(feature = $feature)])? $Kind,)*);
    };
    (of $A:ident: $($(#[cfg(feature = $feature:literal)])? $Kind:ident,)*) => {
        impl Compute<$A> for Layer {
            fn forward(&self, at: &At<'_>, x: Values<'_, <$A as Arithmetic>::Value>, y: &mut [<$A as Arithmetic>::Value], room: Room<'_>) {
                match self { $($(#[cfg(feature = $feature)])? Layer::$Kind(kind) => Compute::<$A>::forward(kind, at, x, y, room),)* }
            }

            fn observe(
                &self,
                observer: &mut impl Observer,
                node: u16,
                at: &At<'_>,
                x: Values<'_, <$A as Arithmetic>::Value>,
                y: &[<$A as Arithmetic>::Value],
            ) {
                match self { $($(#[cfg(feature = $feature)])? Layer::$Kind(kind) => Compute::<$A>::observe(kind, observer, node, at, x, y),)* }
            }

            fn reverse(
                &self,
                at: &At<'_>,
                x: Values<'_, <$A as Arithmetic>::Value>,
                g: &mut [<$A as Arithmetic>::Value],
                to: &mut [<$A as Arithmetic>::Value],
                position: usize,
                room: Room<'_>,
            ) {
                match self { $($(#[cfg(feature = $feature)])? Layer::$Kind(kind) => Compute::<$A>::reverse(kind, at, x, g, to, position, room),)* }
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
    class: Class,
    #[cfg(feature = "published")]
    group_norm: GroupNorm,
    #[cfg(feature = "published")]
    attention: Attention,
    #[cfg(feature = "published")]
    pool: Pool,
    #[cfg(feature = "published")]
    distance: Distance,
    #[cfg(feature = "published")]
    timestep: Timestep,
}

/// Kinds that are computed in floats alone: no file of integer arithmetic has one, as the format checks.
#[cfg(all(feature = "published", feature = "integer"))]
macro_rules! float_only {
    ($($Kind:ident)*) => { $(
        impl Compute<Integer> for vapo_format::layer::$Kind {
            fn forward(&self, _: &At<'_>, _: Values<'_, i16>, _: &mut [i16], _: Room<'_>) {}
        }
    )* };
}

#[cfg(all(feature = "published", feature = "integer"))]
float_only!(GroupNorm Attention Pool Distance Timestep);

pub(crate) use readout::squared_norm;

/// Whether a layer is a read-out, which is the last node and reads the signal where the caller has it.
pub(crate) fn is_readout(layer: &Layer) -> bool {
    match layer {
        Layer::Readout(_) => true,
        #[cfg(feature = "published")]
        Layer::Distance(_) => true,
        _ => false,
    }
}
