//! Chooses the exponents of a model's activations in integer arithmetic, from their values along real trajectories.
//!
//! [`Ranges`] observes drifts in float arithmetic. An exponent is the largest for which i16 has room for the largest magnitude
//! seen, times a headroom. Activations that are added have the same exponent, so that a sum does not round. So have their
//! cotangents. If a shift between two exponents would be negative, one exponent is lowered.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::calibration::{Chosen, Ranges};
//! use vapo_sampler::{PlanFor, Potential, observer::Activation};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let mut memory = vec![0.0; plan.elements()];
//! let mut potential = Potential::new(&model, &plan, &mut memory)?;
//!
//! // Ranges of two threads, each of which evaluates its own samples.
//! let mut parts = [Ranges::default(), Ranges::default()];
//! for (ranges, grey) in parts.iter_mut().zip([-0.5, 0.5]) {
//!     potential.observed_drift(&[grey; 64], 0.5, &mut [0.0; 64], ranges)?;
//! }
//! let [one, other] = parts;
//! let ranges = one.merged(&other);
//! let nodes = model.nodes().count() as u16;
//! assert!((0..nodes).any(|node| ranges.largest(node, Activation::Value) > 0.0));
//!
//! // Exponents that leave room for twice what was seen: what `Writer::integer` takes.
//! let chosen: Option<Chosen> = ranges.exponents(&model, 2.0);
//! assert!(chosen.is_some_and(|chosen| chosen.len() == nodes.into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::observer::{Activation, Observer};
use vapo_format::architecture::{MAX_NODES, Placed};
use vapo_format::fixed_point::{MAX_EXPONENT, Requantisation};
use vapo_format::layer::KNOTS;
use vapo_format::matrix::{Weights, floats};
use vapo_format::{Exponents, Layer, Matrix, Model};

/// Exponents of every node.
pub type Chosen = heapless::Vec<Exponents, MAX_NODES>;

/// The largest magnitude seen of every activation.
#[derive(Clone, Debug)]
pub struct Ranges {
    values: [f32; MAX_NODES],
    cotangents: [f32; MAX_NODES],
}

impl Default for Ranges {
    fn default() -> Self {
        Ranges { values: [0.0; MAX_NODES], cotangents: [0.0; MAX_NODES] }
    }
}

impl Observer for Ranges {
    fn float(&mut self, node: u16, activation: Activation, values: &[f32]) {
        let ranges = match activation {
            Activation::Value => &mut self.values,
            Activation::Cotangent => &mut self.cotangents,
        };
        if let Some(range) = ranges.get_mut(usize::from(node)) {
            *range = values.iter().fold(*range, |range, value| range.max(libm::fabsf(*value)));
        }
    }
}

impl Ranges {
    /// The larger magnitudes of both.
    #[must_use]
    pub fn merged(mut self, other: &Ranges) -> Ranges {
        let own = self.values.iter_mut().chain(&mut self.cotangents);
        own.zip(other.values.iter().chain(&other.cotangents)).for_each(|(range, other)| *range = range.max(*other));
        self
    }

    /// The largest magnitude of a node's activation that was seen.
    pub fn largest(&self, node: u16, activation: Activation) -> f32 {
        let ranges = match activation {
            Activation::Value => &self.values,
            Activation::Cotangent => &self.cotangents,
        };
        ranges.get(usize::from(node)).copied().unwrap_or_default()
    }

    /// Exponents for a model of i8 weights whose activations these are. None where no exponents have shifts that integers have:
    /// activations of one network that are many orders of magnitude apart.
    pub fn exponents(&self, model: &Model<'_>, headroom: f32) -> Option<Chosen> {
        let mut nodes = Nodes::new(self, model, headroom);
        // Exponents only fall, each at most through its whole range.
        for _ in 0..2 * MAX_NODES * usize::from(MAX_EXPONENT.unsigned_abs()) {
            if !nodes.give_way(model)? {
                return Some(nodes.exponents);
            }
        }
        None
    }
}

/// Exponents on their way.
struct Nodes {
    exponents: Chosen,
    /// Activations that share an exponent have one root.
    values: heapless::Vec<u16, MAX_NODES>,
    cotangents: heapless::Vec<u16, MAX_NODES>,
}

impl Nodes {
    fn new(ranges: &Ranges, model: &Model<'_>, headroom: f32) -> Self {
        let mut nodes =
            Nodes { exponents: Chosen::new(), values: heapless::Vec::new(), cotangents: heapless::Vec::new() };
        for placed in model.walk() {
            let node = placed.index;
            let value = exponent(ranges.largest(node, Activation::Value) * headroom);
            let value = match placed.node.layer {
                // Noise has no largest value: ±8 is beyond eight of its deviations.
                Layer::Signal(_) => value.min(12),
                // Sines, and ones: exactly 1 at most.
                Layer::Time(_) | Layer::Class(_) => 14,
                Layer::Silu(_) => value.clamp(*KNOTS.start(), *KNOTS.end()),
                // A float.
                Layer::Readout(_) => 0,
                _ => value.min(15),
            };
            let has_cotangent = placed.output.of_signal && !matches!(placed.node.layer, Layer::Readout(_));
            let cotangent =
                if has_cotangent { exponent(ranges.largest(node, Activation::Cotangent) * headroom) } else { 0 };
            // As many as the model's nodes.
            let _ = nodes.exponents.push(Exponents { value, cotangent });
            let _ = nodes.values.push(node);
            let _ = nodes.cotangents.push(node);
            for (&edge, input) in placed.edges.iter().zip(placed.inputs()) {
                match placed.node.layer {
                    Layer::Add(_) => {
                        join(&mut nodes.values, node, edge);
                        if input.of_signal {
                            join(&mut nodes.cotangents, node, edge);
                        }
                    }
                    // What is only moved keeps its exponent.
                    Layer::SpaceToDepth(_) | Layer::Up(_) | Layer::Concat(_) => join(&mut nodes.values, node, edge),
                    Layer::Silu(_) if placed.edges.len() == 1 => join(&mut nodes.values, node, edge),
                    _ => {}
                }
            }
        }
        nodes.share();
        nodes
    }

    /// Gives all activations of one root the least of their exponents.
    fn share(&mut self) {
        for node in 0..self.exponents.len() as u16 {
            let Some(&Exponents { value, cotangent }) = self.exponents.get(usize::from(node)) else { continue };
            self.lower(node, Activation::Value, value);
            self.lower(node, Activation::Cotangent, cotangent);
        }
    }

    /// Has a node's exponent, and those that are one with it, be at most so much. Returns whether one changed.
    fn lower(&mut self, node: u16, activation: Activation, most: i8) -> bool {
        let roots = match activation {
            Activation::Value => &self.values,
            Activation::Cotangent => &self.cotangents,
        };
        let of = root(roots, node);
        let mut changed = false;
        for (other, exponents) in self.exponents.iter_mut().enumerate() {
            let exponent = match activation {
                Activation::Value => &mut exponents.value,
                Activation::Cotangent => &mut exponents.cotangent,
            };
            if root(roots, other as u16) == of && *exponent > most {
                (*exponent, changed) = (most, true);
            }
        }
        changed
    }

    fn at(&self, node: u16) -> Exponents {
        self.exponents.get(usize::from(node)).copied().unwrap_or_default()
    }

    /// Lowers exponents between which a shift would be out of range. None where that leads out of the range of exponents;
    /// otherwise whether one changed.
    fn give_way(&mut self, model: &Model<'_>) -> Option<bool> {
        let mut matrices = model.matrices();
        let mut changed = false;
        for placed in model.walk() {
            let matrix = placed.matrix().and_then(|_| matrices.next()).map(|(_, matrix)| matrix);
            changed |= self.fit(&placed, matrix);
        }
        let valid = model.walk().zip(&self.exponents).all(|(placed, exponents)| {
            let least = if matches!(placed.node.layer, Layer::Silu(_)) { *KNOTS.start() } else { 1 - MAX_EXPONENT };
            exponents.value >= least && exponents.cotangent > -MAX_EXPONENT
        });
        valid.then_some(changed)
    }

    fn fit(&mut self, placed: &Placed, matrix: Option<Matrix<'_>>) -> bool {
        let (node, own) = (placed.index, self.at(placed.index));
        let Some(&input) = placed.edges.first() else { return false };
        let of_input = self.at(input);
        let of_signal = placed.inputs().first().is_some_and(|input| input.of_signal);
        match placed.node.layer {
            Layer::Conv(_) => {
                let largest = matrix.map_or(0.0, |matrix| largest_scale(&matrix));
                let alone = |value: i8, cotangent: i8| Exponents { value, cotangent };
                let forward = Requantisation::forward_alone(largest, of_input.value, own.value);
                // In reverse alone: between these values there always is a shift.
                let reverse = Requantisation::new(largest, alone(40, of_input.cotangent), alone(-40, own.cotangent));
                let finer = forward.is_none() && self.lower(node, Activation::Value, own.value.saturating_sub(1));
                let coarser = of_signal
                    && reverse.is_none()
                    && self.lower(input, Activation::Cotangent, of_input.cotangent.saturating_sub(1));
                finer || coarser
            }
            Layer::Silu(_) => match placed.edges.get(1) {
                None => {
                    let value = self.lower(node, Activation::Value, 15);
                    of_signal && self.lower(input, Activation::Cotangent, own.cotangent.saturating_add(10)) || value
                }
                Some(&film) => {
                    let changed = self.lower(film, Activation::Value, 14);
                    let film = self.at(film).value;
                    let most = of_input.value.saturating_add(film).min(film.saturating_add(15));
                    let value = self.lower(node, Activation::Value, most);
                    let most = own.cotangent.saturating_add(film).saturating_sub(1);
                    of_signal && self.lower(input, Activation::Cotangent, most) || value || changed
                }
            },
            _ => false,
        }
    }
}

fn largest_scale(matrix: &Matrix<'_>) -> f32 {
    match matrix.weights {
        Weights::Scaled { scales, .. } => floats(scales).fold(0.0, f32::max),
        _ => 0.0,
    }
}

/// The largest exponent by which a magnitude is below 2¹⁵.
fn exponent(magnitude: f32) -> i8 {
    if magnitude > 0.0 {
        let (_, exponent) = libm::frexpf(magnitude);
        // The magnitude is below 2^exponent.
        (15 - exponent).clamp((-MAX_EXPONENT).into(), MAX_EXPONENT.into()) as i8
    } else {
        // Whatever stands for 0.
        15
    }
}

fn root(roots: &[u16], mut node: u16) -> u16 {
    while let Some(&next) = roots.get(usize::from(node)).filter(|next| **next != node) {
        node = next;
    }
    node
}

/// Gives two nodes one root: the earlier one.
fn join(roots: &mut [u16], a: u16, b: u16) {
    let (a, b) = (root(roots, a), root(roots, b));
    if let Some(root) = roots.get_mut(usize::from(a.max(b))) {
        *root = a.min(b);
    }
}
