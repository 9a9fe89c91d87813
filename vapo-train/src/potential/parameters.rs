//! The parameters of a potential as one flat vector, and where each matrix lies in it.

use super::graph::{Graph, Node};
use crate::arithmetic::random::uniform;
use rand_core::Rng;
use std::ops::Range;
use vapo_format::{Architecture, Layer, MatrixShape};

/// Where one matrix lies: its weights (rows, columns) row-major, then its biases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which matrix, and its extent.
    pub shape: MatrixShape,
    /// Index of the first weight.
    pub start: usize,
    /// Where in the network it stands.
    pub role: Role,
}

/// Where in the network a matrix stands. It decides how the matrix begins and which rule moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// No weights lie between its input and the signal or time.
    pub first: bool,
    /// It depends on the signal. Others depend on time alone.
    pub of_signal: bool,
    /// FiLM: nothing but the scales and shifts of SiLUs is read from it.
    pub film: bool,
    /// The end of a branch: nothing but second inputs of sums is read from it.
    pub branch: bool,
    /// Of the published U-Net, what else begins otherwise than it would elsewhere.
    pub published: Option<Published>,
}

/// What the published U-Net has begin as the code that it comes from does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// Scales of a group norm: one, and its shifts zero.
    Norm,
    /// The last convolution: zero, so that f = 0 and the potential ½‖x‖².
    Last,
    /// FiLM after a group norm: as any other linear map.
    Film,
}

impl Published {
    fn of(graph: &Graph, node: &Node) -> Option<Self> {
        let mut readers = node.readers.iter().map(|&(reader, _)| &graph.nodes()[reader]);
        if matches!(node.layer, Layer::GroupNorm(_)) {
            return Some(Published::Norm);
        }
        if readers.clone().any(|reader| matches!(reader.layer, Layer::Distance(_))) {
            return Some(Published::Last);
        }
        readers.any(|reader| reader.thinned && node.of_signal != reader.of_signal).then_some(Published::Film)
    }
}

impl Role {
    fn new(graph: &Graph, node: &Node) -> Self {
        Role {
            first: node.inputs.iter().all(|&input| graph.nodes()[input].leaf),
            of_signal: node.of_signal,
            film: graph.only_second_input_of(node, |layer| matches!(layer, Layer::Silu(_))),
            branch: graph.only_second_input_of(node, |layer| matches!(layer, Layer::Add(_))),
            published: Published::of(graph, node),
        }
    }
}

impl Place {
    /// Indices of the weights.
    pub fn weight(&self) -> Range<usize> {
        self.start..self.start + self.shape.rows * self.shape.columns
    }

    /// Indices of the biases.
    pub fn bias(&self) -> Range<usize> {
        let start = self.weight().end;
        start..start + self.shape.columns
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
        Layout::of(&Graph::new(architecture))
    }

    /// The layout of the parameters of all nodes.
    pub(crate) fn of(graph: &Graph) -> Self {
        let mut start = 0;
        let matrices = graph.nodes().iter().filter_map(|node| {
            let place = Place { shape: node.matrix?, start, role: Role::new(graph, node) };
            start = place.bias().end;
            Some(place)
        });
        Layout { matrices: matrices.collect() }
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.matrices.last().map_or(0, |place| place.bias().end)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Initial parameters: uniform in ±1/√rows, and zero at the end of a branch and for FiLM, so that every residual block
    /// starts as the identity. [`Published`] says what begins otherwise.
    pub fn initial(&self, generator: &mut impl Rng) -> Vec<f32> {
        let mut parameters = vec![0.0; self.len()];
        for place in &self.matrices {
            match place.role.published {
                Some(Published::Norm) => {
                    parameters[place.weight()].fill(1.0);
                    continue;
                }
                Some(Published::Last) => continue,
                None if place.role.film => continue,
                _ if place.role.branch => continue,
                _ => {}
            }
            let bound = 1.0 / (place.shape.rows as f32).sqrt();
            for value in &mut parameters[place.start..place.bias().end] {
                *value = (uniform(generator) * 2.0 - 1.0) * bound;
            }
        }
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::preset::Preset;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;
    use vapo_format::layer::{Add, Conv, Readout, Time};
    use vapo_format::{Block, Homotopy, Shape};

    /// Whether each matrix of a preset starts at zero, listed block by block.
    fn zeros(blocks: &[Block]) -> Vec<bool> {
        let of_block = |block: &Block| match block {
            Block::SpaceToDepth => &[][..],
            Block::Conv { .. } | Block::Down { .. } | Block::Head { .. } => &[false],
            Block::Residual => &[false, true, true],
        };
        // Two matrices of the embedding come first, that of the read-out last.
        [&[false, false], &*blocks.iter().flat_map(of_block).copied().collect::<Vec<_>>(), &[false]].concat()
    }

    #[test]
    fn ends_of_branches_and_film_start_at_zero_and_nothing_else() {
        let image = Shape { channels: 1, height: 32, width: 32 };
        for preset in Preset::encoders() {
            let layout = Layout::new(&preset.architecture(image, Homotopy::Linear));
            let initial = layout.initial(&mut Xoshiro128PlusPlus::seed_from_u64(1));
            let zero = |place: &Place| {
                let values = &initial[place.start..place.bias().end];
                let zeros = values.iter().filter(|value| **value == 0.0).count();
                assert!(zeros == values.len() || zeros < values.len() / 100 + 2, "{}", place.shape);
                zeros == values.len()
            };
            assert_eq!(layout.matrices.iter().map(zero).collect::<Vec<_>>(), zeros(preset.blocks()), "{}", preset.name);
        }
    }

    #[test]
    fn what_another_node_reads_too_is_no_branch() {
        let mut built = Architecture::new(Shape { channels: 1, height: 4, width: 4 }, Homotopy::Linear);
        let mut push = |layer: Layer, inputs: &[u16]| built.push(layer, inputs).unwrap();
        let time = push(Time { features: 4 }.into(), &[]);
        let [a, b, c] = [(); 3].map(|()| push(Conv::same3x3(3).into(), &[0]));
        let sum = push(Add.into(), &[a, b]);
        let sum = push(Add.into(), &[sum, c]);
        let again = push(Conv::linear(3).into(), &[c]);
        let sum = push(Add.into(), &[sum, again]);
        let factors = push(Conv::linear(4).into(), &[time]);
        push(Readout.into(), &[sum, factors, 0]);
        built.validate().unwrap();
        let roles: Vec<_> = Layout::new(&built).matrices.iter().map(|place| (place.shape.node, place.role)).collect();
        let role = |first, of_signal, branch| Role { first, of_signal, film: false, branch, published: None };
        let expected = [
            (a, role(true, true, false)),
            (b, role(true, true, true)),
            (c, role(true, true, false)),
            (again, role(false, true, true)),
            (factors, role(true, false, false)),
        ];
        assert_eq!(roles, expected);
    }
}
