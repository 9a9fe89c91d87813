//! Rung 4 of the ladder: not a tolerance, but the same bits.

use crate::{Case, cases};
use vapo_sampler::Solver;
use vapo_tests::device::{Request, models, on_host};

/// Enough for every part of a step: noise after the first, Adams–Bashforth in the second.
const STEPS: u16 = 2;

/// Every solver, with and without noise, for three seeds. One seed needs all of its 64 bits.
fn requests() -> impl Iterator<Item = Request> {
    let seeded = [(1, 1.0), (2, 0.7), (u64::MAX, 0.85)];
    Solver::ALL.into_iter().flat_map(move |solver| {
        [0.0, 1.0].into_iter().flat_map(move |temperature| {
            seeded.map(|(seed, exponent)| Request { seed, solver, steps: STEPS, exponent, temperature, known: 0 })
        })
    })
}

fn assert_equal(case: &Case) {
    for request in requests() {
        let (host, device) = (on_host(&case.file, &request).unwrap(), case.image.answer(&request).unwrap());
        assert_eq!(host.steps.len(), usize::from(STEPS));
        assert_eq!(device.bits, host, "{} on {}, {request}", case.model, case.board.name());
    }
}

#[test]
fn cortex_m0_and_host_sample_the_same_digits() {
    assert_equal(&cases().microbit);
}

#[test]
fn cortex_m4f_and_host_sample_the_same_digits() {
    assert_equal(&cases().mps2_an386);
}

#[test]
fn cortex_m4f_and_host_sample_the_same_large_images() {
    assert_equal(&cases().fashion);
}

/// The comparison would notice the smallest change that a model can have.
#[test]
fn a_weight_off_by_one_is_noticed() {
    let request = Request { seed: 1, solver: Solver::Ab2, steps: STEPS, exponent: 0.7, temperature: 0.0, known: 0 };
    for case in cases().all() {
        let perturbed = models::perturbed(&case.file).unwrap();
        let image = case.image.with_model(&case.file, &perturbed).unwrap();
        let (host, device) = (on_host(&case.file, &request).unwrap(), image.answer(&request).unwrap().bits);
        assert_ne!(device.steps[0].drift, host.steps[0].drift);
        assert_ne!(device.sample, host.sample);
        assert_ne!(device.energy, host.energy);
        assert_eq!(device, on_host(&perturbed, &request).unwrap(), "{} on {}", case.model, case.board.name());
    }
}
