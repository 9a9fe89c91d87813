//! How much memory a model and a solver need.
//!
//! The arena is one slice that the caller lends: the buffers of the potential, as its [`Plan`] lays them, then those of the
//! solver. Its size follows from the architecture alone, so a build script can compute it and firmware can reserve exactly
//! that.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::{PlanFor, Solver, arena};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let (architecture, arithmetic) = (model.architecture(), model.arithmetic());
//! let plan = PlanFor::<32>::new(&model)?;
//! let image = architecture.signal.elements();
//!
//! // A potential, then the buffers of a solver, then one more for guidance.
//! let potential = arena::potential_elements(&architecture, arithmetic);
//! let sampler = arena::elements(&architecture, arithmetic, Solver::Etd2);
//! assert_eq!(sampler, potential + Solver::Etd2.buffers() * image);
//! assert_eq!(plan.elements_with(Solver::Etd2), sampler);
//! assert_eq!(plan.elements_guided(Solver::Etd2), sampler + image);
//!
//! // Energies alone take less. A monitor has a window beside them; to explain takes a drift.
//! assert!(arena::forward_elements(&architecture, arithmetic) <= potential);
//! assert_eq!(arena::monitor_elements(&architecture, arithmetic, true), plan.monitor_elements());
//!
//! // A sum of two potentials.
//! assert_eq!(arena::composition_elements([&architecture; 2], [arithmetic; 2]), 2 * potential + image);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::plan::{ELEMENT, Plan, lifetimes::Lifetimes};
use crate::solver::Solver;
use vapo_format::architecture::{DEVICE_NODES, MAX_NODES};
use vapo_format::{Architecture, Arithmetic};

/// Elements, of four bytes each, that a [`crate::Sampler`] of this architecture, arithmetic and solver needs.
///
/// Exact: one element less is refused. A [`crate::Potential`] alone needs [`potential_elements`].
pub fn elements(architecture: &Architecture, arithmetic: Arithmetic, solver: Solver) -> usize {
    let buffers = solver.buffers().saturating_mul(architecture.signal.elements());
    potential_elements(architecture, arithmetic).saturating_add(buffers)
}

/// Elements that a [`crate::Potential`] of this architecture needs; `usize::MAX` where that is more than 32 bits address.
pub fn potential_elements(architecture: &Architecture, arithmetic: Arithmetic) -> usize {
    // An architecture has no more nodes than there is room for. Where it has no more than devices read, less room takes less time.
    let bytes = if architecture.nodes.len() <= DEVICE_NODES {
        Lifetimes::<DEVICE_NODES>::new(architecture.walk(), arithmetic).map(|lifetimes| lifetimes.bytes())
    } else {
        Lifetimes::<MAX_NODES>::new(architecture.walk(), arithmetic).map(|lifetimes| lifetimes.bytes())
    };
    bytes.map_or(usize::MAX, |bytes| bytes as usize / ELEMENT)
}

/// Elements that a [`crate::Potential`] needs by a plan of the pass forward alone: for energies.
pub fn forward_elements(architecture: &Architecture, arithmetic: Arithmetic) -> usize {
    Lifetimes::<MAX_NODES>::forward(architecture.walk(), arithmetic)
        .map_or(usize::MAX, |lifetimes| lifetimes.bytes() as usize / ELEMENT)
}

/// Elements that a [`crate::Monitor`] of this architecture needs: the potential's, and a window. One that explains needs the potential's
/// of a pass in reverse too.
pub fn monitor_elements(architecture: &Architecture, arithmetic: Arithmetic, explains: bool) -> usize {
    let potential = if explains { potential_elements } else { forward_elements };
    potential(architecture, arithmetic).saturating_add(architecture.signal.elements())
}

/// Elements that a [`crate::Composition`] of these architectures needs: both potentials and a drift. A solver's
/// buffers come beside them.
pub fn composition_elements(architectures: [&Architecture; 2], arithmetics: [Arithmetic; 2]) -> usize {
    let [first, second] = architectures;
    let [of_first, of_second] = arithmetics;
    let potentials = potential_elements(first, of_first).saturating_add(potential_elements(second, of_second));
    potentials.saturating_add(first.signal.elements())
}

impl Plan {
    /// Elements that a [`crate::Sampler`] with this plan and solver needs for guidance: a sample more than without.
    pub fn elements_guided(&self, solver: Solver) -> usize {
        let signal = self.steps().first().map_or(0, |signal| signal.extent.elements());
        self.elements_with(solver) + signal
    }

    /// Elements that a [`crate::Sampler`] with this plan and solver needs.
    pub fn elements_with(&self, solver: Solver) -> usize {
        self.elements() + solver.buffers() * self.signal_elements()
    }

    /// Elements that a [`crate::Monitor`] with this plan needs.
    pub fn monitor_elements(&self) -> usize {
        self.elements() + self.signal_elements()
    }

    fn signal_elements(&self) -> usize {
        self.steps().first().map_or(0, |signal| signal.extent.elements())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_what_is_there_and_nothing_else() {
        let mut memory = [0.0, 1.0, 2.0, 3.0];
        let [a, b] = split(&mut memory, [1, 2]).unwrap();
        assert_eq!((&*a, &*b), ([0.0].as_slice(), [1.0, 2.0].as_slice()));
        assert!(split(&mut memory, [3, 2]).is_none());
    }
}
