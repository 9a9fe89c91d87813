//! Multiply-accumulates of a step.

use super::Request;
use crate::optimiser::Moves;
use crate::potential::parameters::Layout;
use serde::Serialize;
use vapo_format::Architecture;

/// Multiply-accumulates of one step's products of matrices: of convolutions, padding included, and of the optimiser. What is done
/// to each element by itself is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Operations {
    /// The first pass forward: the potential.
    pub forward: u64,
    /// The first pass in reverse: the drift.
    pub drift: u64,
    /// The second pass forward, of tangents.
    pub tangents: u64,
    /// The second pass in reverse: the gradient of the parameters.
    pub gradient: u64,
    /// Muon's iterations.
    pub optimiser: u64,
}

/// FLOPs of a multiply-accumulate.
const FLOPS: u64 = 2;

impl Operations {
    pub(super) fn of(request: &Request<'_>, layout: &Layout) -> Self {
        let images = request.batch as u64;
        let forward = images * request.architecture.multiply_accumulates();
        // No cotangent flows to the image and to time in the second pass.
        let leaf = images * leaves(request.architecture, layout);
        Operations {
            forward: request.first_passes() * forward,
            drift: request.first_passes() * forward,
            tangents: forward,
            // Cotangents, and weights by the values' and by the tangents' windows.
            gradient: 3 * forward - leaf,
            optimiser: Moves::by(request.optimiser, layout).multiply_accumulates(),
        }
    }

    /// FLOPs of all, two a multiply-accumulate.
    pub fn flops(&self) -> u64 {
        let Operations { forward, drift, tangents, gradient, optimiser } = *self;
        FLOPS * (forward + drift + tangents + gradient + optimiser)
    }
}

/// Multiply-accumulates of a pass over the matrices that read the signal or time.
fn leaves(architecture: &Architecture, layout: &Layout) -> u64 {
    let convolutions = architecture.walk().filter(|placed| placed.matrix().is_some());
    let first = convolutions.zip(&layout.matrices).filter(|(_, place)| place.role.first);
    first.map(|(placed, _)| placed.node.layer.kind().multiply_accumulates(placed.inputs(), placed.output.extent)).sum()
}
