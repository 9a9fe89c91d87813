//! What a training takes of a device, known before it starts.

use super::Network;
use super::program::{Phase, Placement, Role, Sweep};

/// Memory by part, launches and operations of a step in f32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    /// What lies in the device's memory, and its bytes.
    pub(crate) parts: Vec<(&'static str, u64)>,
    /// Launches that evaluate, that differentiate, and that move the parameters.
    pub(crate) launches: [u64; 3],
    /// Multiply-accumulates of products of matrices, by [`Sweep`].
    pub(crate) multiply_accumulates: [u64; 5],
}

impl Demand {
    /// That of a network's program.
    pub(crate) fn new(network: &Network) -> Self {
        let program = &network.program;
        let real = size_of::<f32>();
        let placement = Placement::new(program, real);
        let lasting = |what, role| (what, program.lasting(role, real) as u64);
        let mut parts = vec![
            lasting("parameters", Role::Parameters),
            lasting("moving average", Role::Average),
            lasting("moments", Role::Moments),
            lasting("gradient", Role::Gradient),
            lasting("tables", Role::Tables),
        ];
        // What is kept lives when the last reverse pass begins. All else shares what is beside it.
        let (shared, kept) = (placement.bytes - placement.lasting, program.kept(real));
        parts.push(("activations kept for reverse", kept as u64));
        parts.push(("scratch", shared.saturating_sub(kept) as u64));
        let multiply_accumulates = [Sweep::Forward, Sweep::Drift, Sweep::Tangents, Sweep::Gradient, Sweep::Optimiser]
            .map(|sweep| program.operations(sweep) / 2);
        let of_phases = |phases: &[Phase]| phases.iter().map(|&phase| program.phase(phase).len() as u64).sum();
        let launches = [&[Phase::Evaluate][..], &[Phase::Differentiate], &[Phase::Measure, Phase::Move]].map(of_phases);
        Demand { parts, launches, multiply_accumulates }
    }
}
