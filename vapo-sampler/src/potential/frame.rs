//! A layer at work on its frame: see [`crate::arena`].

use super::{conv, down, head, residual, space_to_depth};
use vapo_format::architecture::MAX_LAYERS;
use vapo_format::{Encoding, Layer, Matrix, Model, Shape};

/// A layer, its extents and the model's bytes from its first matrix on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'a> {
    pub(super) layer: Layer,
    pub(super) input: Shape,
    pub(super) output: Shape,
    weights: &'a [u8],
}

/// All layers of a model.
pub(super) fn place<'a>(model: &Model<'a>) -> heapless::Vec<Placed<'a>, MAX_LAYERS> {
    let architecture = model.architecture();
    let mut layers = heapless::Vec::new();
    let mut rest = model.weights();
    let mut matrices = architecture.matrices().map(|matrix| (matrix.name.layer, matrix.bytes(model.encoding())));
    let mut next = matrices.next();
    for (index, (layer, input, output)) in architecture.walk().enumerate() {
        // The embedding's matrices come before the first layer's.
        while let Some((of, bytes)) = next
            && of.is_none_or(|of| usize::from(of) < index)
        {
            rest = rest.get(bytes..).unwrap_or_default();
            next = matrices.next();
        }
        // An architecture lists no more layers than the vector holds.
        let _ = layers.push(Placed { layer, input, output, weights: rest });
    }
    layers
}

/// What a layer works on, forward or in reverse.
pub(super) struct Frame<'a, 'm> {
    pub(super) input: Shape,
    pub(super) output: Shape,
    /// The top of the stack.
    pub(super) memory: &'m mut [f32],
    /// The time embedding.
    pub(super) embedding: &'m [f32],
    /// Room for FiLM's scales and shifts.
    pub(super) vector: &'m mut [f32],
    layer: Layer,
    encoding: Encoding,
    weights: &'a [u8],
}

impl<'a, 'm> Frame<'a, 'm> {
    pub(super) fn new(
        placed: &Placed<'a>,
        encoding: Encoding,
        memory: &'m mut [f32],
        embedding: &'m [f32],
        vector: &'m mut [f32],
    ) -> Self {
        let Placed { layer, input, output, weights } = *placed;
        Frame { input, output, memory, embedding, vector, layer, encoding, weights }
    }

    /// The layer's matrices, in the order of the file.
    pub(super) fn matrices(&self) -> impl Iterator<Item = Matrix<'a>> + use<'a> {
        let (mut rest, encoding) = (self.weights, self.encoding);
        let shapes = self.layer.matrices(self.input.channels, self.embedding.len() as u16);
        shapes.map_while(move |(_, rows, columns)| {
            let (matrix, tail) = Matrix::split_first(rest, rows, columns, encoding)?;
            rest = tail;
            Some(matrix)
        })
    }

    /// None where the memory is too short, which [`crate::arena::Plan`] rules out.
    pub(super) fn forward(self) -> Option<()> {
        match self.layer {
            Layer::SpaceToDepth => space_to_depth::forward(self),
            Layer::Conv { .. } => conv::forward(self),
            Layer::Residual => residual::forward(self),
            Layer::Down { .. } => down::forward(self),
            Layer::Head { .. } => head::forward(self),
        }
    }

    /// None where the memory is too short, which [`crate::arena::Plan`] rules out.
    pub(super) fn reverse(self) -> Option<()> {
        match self.layer {
            Layer::SpaceToDepth => space_to_depth::reverse(self),
            Layer::Conv { .. } => conv::reverse(self),
            Layer::Residual => residual::reverse(self),
            Layer::Down { .. } => down::reverse(self),
            Layer::Head { .. } => head::reverse(self),
        }
    }
}
