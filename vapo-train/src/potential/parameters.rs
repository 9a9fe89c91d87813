//! The parameters of a potential as one flat vector, and where each matrix lies in it.

use crate::arithmetic::random::uniform;
use rand_core::Rng;
use std::ops::Range;
use vapo_format::matrix::Part;
use vapo_format::{Architecture, MatrixName};

/// Where one matrix lies: its weights (rows, columns) row-major, then its biases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which matrix.
    pub name: MatrixName,
    /// Inputs.
    pub rows: usize,
    /// Outputs.
    pub columns: usize,
    /// Index of the first weight.
    pub start: usize,
}

impl Place {
    /// Indices of the weights.
    pub fn weight(&self) -> Range<usize> {
        self.start..self.start + self.rows * self.columns
    }

    /// Indices of the biases.
    pub fn bias(&self) -> Range<usize> {
        let start = self.weight().end;
        start..start + self.columns
    }
}

/// Where all matrices lie, in the order of [`Architecture::matrices`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// One place a matrix.
    pub matrices: Vec<Place>,
}

impl Layout {
    /// The layout of an architecture's parameters.
    pub fn new(architecture: &Architecture) -> Self {
        let mut start = 0;
        let place = |m: vapo_format::MatrixShape| {
            let place = Place { name: m.name, rows: m.rows, columns: m.columns, start };
            start = place.bias().end;
            place
        };
        Layout { matrices: architecture.matrices().map(place).collect() }
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.matrices.last().map_or(0, |place| place.bias().end)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Initial parameters: uniform in ±1/√rows, and zero for a residual block's second convolution and FiLM, so that
    /// every block starts as the identity.
    pub fn initial(&self, generator: &mut impl Rng) -> Vec<f32> {
        let mut parameters = vec![0.0; self.len()];
        for place in &self.matrices {
            if matches!(place.name.part, Part::Conv2 | Part::Film) {
                continue;
            }
            let bound = 1.0 / (place.rows as f32).sqrt();
            for value in &mut parameters[place.start..place.bias().end] {
                *value = (uniform(generator) * 2.0 - 1.0) * bound;
            }
        }
        parameters
    }
}
