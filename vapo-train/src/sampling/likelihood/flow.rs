//! The drift and its divergence, in f64.

use crate::ops::Fused;
use crate::ops::fused::memory::Memory;
use crate::potential::{Potential, Samples};
use dfdx::prelude::Cpu;
use vapo_format::Architecture;

/// How far to each side drifts are taken for a curvature. The error is of the order of its square, 10⁻⁸, and rounding 10⁻¹⁶ / 10⁻⁴.
const STEP: f64 = 1e-4;

/// A potential's flow.
pub(super) struct Flow {
    pub(super) potential: Potential<f64, Cpu>,
}

impl Flow {
    /// Of parameters laid out by [`crate::potential::parameters::Layout`].
    pub(super) fn new(architecture: &Architecture, parameters: &[f32]) -> Self {
        let parameters: Vec<f64> = parameters.iter().copied().map(f64::from).collect();
        Flow { potential: Potential::new(architecture, &parameters, &Cpu::default()) }
    }

    /// Sets `drift` to ∇Φ(x, time) and returns the mean of εᵀ∇²Φε over the probes ε, (K, H, W, C), 0 without any: εᵀ(∇Φ(x + hε) − ∇Φ(x − hε)) / 2h,
    /// all in one batch.
    pub(super) fn evaluate(&self, x: &[f64], time: f64, probes: &[f64], drift: &mut [f64], memory: &mut Memory) -> f64 {
        let each = probes.chunks_exact(x.len());
        let count = each.len();
        let mut images = x.to_vec();
        for probe in each.clone() {
            for step in [STEP, -STEP] {
                images.extend(x.iter().zip(probe).map(|(x, probe)| x + step * probe));
            }
        }
        let times = vec![time; 1 + 2 * count];
        let samples = Samples { images: &images, times: &times, classes: &[], dropout: None };
        let found = self.potential.evaluate::<Fused>(samples, memory).drift;
        let (at_x, beside) = found.split_at(x.len());
        drift.copy_from_slice(at_x);
        let curvature = |(sides, probe): (&[f64], &[f64])| {
            let (above, below) = sides.split_at(x.len());
            above.iter().zip(below).zip(probe).map(|((above, below), probe)| probe * (above - below)).sum::<f64>()
        };
        let sum: f64 = beside.chunks_exact(2 * x.len()).zip(each).map(curvature).sum();
        sum / (2.0 * STEP * count.max(1) as f64)
    }
}
