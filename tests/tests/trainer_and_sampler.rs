//! Rung 2 of the ladder: the trainer's potential and drift (f32, fused kernels) against the sampler's with the same
//! float weights.

use dfdx::prelude::Cpu;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Encoding, Homotopy, Model, Shape};
use vapo_sampler::PlanFor;
use vapo_train::arithmetic::random::uniform;
use vapo_train::ops::Fused;
use vapo_train::ops::fused::memory::Memory;
use vapo_train::potential::parameters::Layout;
use vapo_train::potential::{Potential, Samples};
use vapo_train::quantise::model_file;
use vapo_train::run::preset::Preset;

/// Sums of up to 576 terms in two orders, one of them fused, through up to 14 layers. Measured below 1e-5.
const TOLERANCE: f64 = 1e-4;
const TIMES: [f32; 4] = [0.0, 0.31, 0.77, 0.999];

fn relative_error(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let difference = norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    difference / norm(&mut expected.iter().map(|&value| f64::from(value)))
}

#[test]
fn trainer_and_sampler_agree_on_every_preset() {
    for preset in Preset::encoders() {
        let (channels, height, width) = match preset.name {
            "tiny" | "digits" => (1, 8, 8),
            name if name.starts_with("cifar10") => (3, 32, 32),
            name if name.starts_with("celeba") => (3, 64, 64),
            name if name.starts_with("series") => (2, 1, 64),
            _ => (1, 28, 28),
        };
        let image = Shape { channels, height, width };
        let architecture = preset.architecture(image, Homotopy::Linear);
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(11);
        let mut parameters = Layout::new(&architecture).initial(&mut generator);
        // Initial parameters leave residual blocks the identity: nothing of them would be compared.
        parameters.iter_mut().for_each(|value| *value += 0.05 * (2.0 * uniform(&mut generator) - 1.0));
        let images: Vec<f32> =
            (0..TIMES.len() * image.elements()).map(|_| 3.0 * uniform(&mut generator) - 1.5).collect();

        let trainer = Potential::new(&architecture, &parameters, &Cpu::default());
        let samples = Samples { images: &images, times: &TIMES, classes: &[], dropout: None };
        let expected = trainer.evaluate::<Fused>(samples, &mut Memory::default());
        let file = model_file(&architecture, &parameters, Encoding::Float32).unwrap();
        let model = Model::parse(&file).unwrap();
        let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
        let mut arena = vec![f32::NAN; plan.elements()];
        let mut sampler = vapo_sampler::Potential::new(&model, &plan, &mut arena).unwrap();
        let mut drift = vec![0.0; image.elements()];
        for (index, image) in images.chunks_exact(image.elements()).enumerate() {
            let potential = sampler.drift(image, TIMES[index], &mut drift).unwrap();
            let error = relative_error(&[potential], &expected.potential[index..=index]);
            assert!(error <= TOLERANCE, "{}: potential is off by {error:.1e}", preset.name);
            let error = relative_error(&drift, &expected.drift[index * drift.len()..(index + 1) * drift.len()]);
            assert!(error <= TOLERANCE, "{}: drift is off by {error:.1e}", preset.name);
        }
    }
}
