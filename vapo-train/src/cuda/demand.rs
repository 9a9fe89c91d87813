//! What a training takes of a device, known before it starts.

use super::Network;
use super::program::{Placement, Role, Sweep};

/// Memory by part, launches and operations of a step in f32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    /// What lies in the device's memory, and its bytes.
    pub(crate) parts: Vec<(&'static str, u64)>,
    /// Launches of a step in one part.
    pub(crate) launches: usize,
    /// Bytes that the last reverse pass needs of earlier ones.
    pub(crate) kept: u64,
    /// Floating-point operations of products of matrices, two a multiply-accumulate, by [`Sweep`].
    operations: [u64; 5],
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
        let operations = [Sweep::Forward, Sweep::Drift, Sweep::Tangents, Sweep::Gradient, Sweep::Optimiser]
            .map(|sweep| program.operations(sweep));
        Demand { parts, launches: program.launches(), kept: kept as u64, operations }
    }

    /// Bytes of all parts.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Multiply-accumulates of every sweep, in the order of [`Sweep`].
    pub(crate) fn multiply_accumulates(&self) -> [u64; 5] {
        self.operations.map(|operations| operations / 2)
    }
}
