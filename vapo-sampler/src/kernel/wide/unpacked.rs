//! The weights of a model, unpacked once for all its potentials.

use super::{scratch_words, unpack, unpacked_words};
use crate::kernel::convolution::Geometry;
use std::vec;
use std::vec::Vec;
use vapo_format::matrix::Weights;
use vapo_format::{Arithmetic, Layer, Model};

/// The weights of a model's convolutions as this host's processor multiplies them, nothing for a model of float arithmetic. Many
/// threads may share it.
#[derive(Clone, Debug, Default)]
pub struct Unpacked {
    fingerprint: u32,
    words: Vec<u32>,
    /// Where the words of each node begin, and where those of the last end.
    starts: Vec<usize>,
    scratch: usize,
}

impl Unpacked {
    /// Unpacks the weights of a model.
    pub fn new(model: &Model<'_>) -> Self {
        let mut unpacked = Unpacked { fingerprint: model.fingerprint(), ..Unpacked::default() };
        if model.arithmetic() == Arithmetic::Float {
            return unpacked;
        }
        let mut matrices = model.matrices();
        unpacked.starts.push(0);
        for placed in model.walk() {
            if let (Layer::Conv(conv), Some(input)) = (placed.node.layer, placed.inputs().first())
                && let Some((_, matrix)) = matrices.next()
                && let Weights::Integer { words, .. } = matrix.weights
            {
                let geometry = Geometry::of(&conv, input.extent, placed.output.extent);
                let start = unpacked.words.len();
                unpacked.words.resize(start + unpacked_words(&geometry), 0);
                unpack(&geometry, words, unpacked.words.get_mut(start..).unwrap_or_default());
                unpacked.scratch = unpacked.scratch.max(scratch_words(&geometry));
            }
            unpacked.starts.push(unpacked.words.len());
        }
        unpacked
    }

    /// Whether this is of a model, and of use.
    pub(crate) fn is_of(&self, model: &Model<'_>) -> bool {
        !self.starts.is_empty() && self.fingerprint == model.fingerprint()
    }

    /// Memory that any of the convolutions works in.
    pub(crate) fn scratch(&self) -> Vec<u32> {
        vec![0; self.scratch]
    }

    /// The words of a node.
    pub(crate) fn node(&self, node: u16) -> &[u32] {
        let at = |node: usize| self.starts.get(node).copied().unwrap_or_default();
        self.words.get(at(node.into())..at(usize::from(node) + 1)).unwrap_or_default()
    }
}

/// What a host's convolution of one node has beside the device's.
#[derive(Debug)]
pub(crate) struct Wide<'m> {
    pub(crate) unpacked: &'m [u32],
    pub(crate) scratch: &'m mut [u32],
}
