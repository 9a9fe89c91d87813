//! Rung 4 of the ladder: not a tolerance, but the same bits.

use crate::{Case, cases};
use vapo_format::Model;
use vapo_request::Request;
use vapo_sampler::{Condition, Solver};
use vapo_tests::device::{Image, models, on_host};

/// Enough for every part of every solver: a first step, two in the middle, which continue from one and from two before
/// them, and a last one.
const STEPS: u16 = 4;

/// A seed and an exponent each. One seed needs all of its 64 bits.
const SEEDED: [(u64, f32); 3] = [(1, 1.0), (2, 0.7), (u64::MAX, 0.85)];

/// Every solver, with and without noise, for every seed.
fn requests() -> impl Iterator<Item = Request> {
    Solver::ALL.into_iter().flat_map(move |solver| {
        [0.0, 1.0].into_iter().flat_map(move |temperature| {
            SEEDED.map(|(seed, exponent)| Request { seed, steps: STEPS, exponent, temperature, ..Request::of(solver) })
        })
    })
}

/// Every solver, with and without noise, for one of the seeds each: for what takes long to emulate.
pub(crate) fn few_requests() -> impl Iterator<Item = Request> {
    requests()
        .enumerate()
        .filter(|(place, _)| place % SEEDED.len() == place / SEEDED.len() % SEEDED.len())
        .map(|(_, r)| r)
}

/// Each model's first class as it is, and its last with guidance; nothing for a model without classes.
fn of_classes(case: &Case) -> impl Iterator<Item = Request> + use<> {
    let classes = Model::parse(&case.file).unwrap().classes();
    let conditions = [(0, 0.0), (classes.saturating_sub(1), 1.5)].into_iter().filter(move |_| classes > 0);
    conditions.enumerate().flat_map(|(turn, (class, guidance))| {
        let condition = Condition { class: Some(class), guidance };
        few_requests().skip(turn).step_by(2).map(move |request| Request { condition, ..request })
    })
}

pub(crate) fn assert_equal(case: &Case, image: &Image, file: &[u8], requests: impl Iterator<Item = Request>) {
    let homotopy = Model::parse(file).unwrap().homotopy();
    for request in requests {
        let (host, device) = (on_host(file, &request).unwrap(), image.answer(&request).unwrap());
        let what = format!("{} on {}, homotopy {homotopy}, {request}", case.model, case.board);
        assert_eq!(host.steps.len(), usize::from(STEPS));
        // The bits of what is not a number are no one's.
        assert!(host.sample.iter().all(|&bits| f32::from_bits(bits).is_finite()), "{what}");
        assert_eq!(device.bits, host, "{what}");
    }
}

#[test]
fn cortex_m0_and_host_sample_the_same_digits() {
    let case = &cases().microbit;
    assert_equal(case, &case.image, &case.file, few_requests());
}

#[test]
fn cortex_m4f_and_host_sample_the_same_digits() {
    let case = &cases().mps2_an386;
    assert_equal(case, &case.image, &case.file, requests());
}

#[test]
fn cortex_m33_and_host_sample_the_same_digits() {
    let case = &cases().mps2_an505;
    assert_equal(case, &case.image, &case.file, requests());
}

#[test]
fn rv32imc_and_host_sample_the_same_digits() {
    let case = &cases().riscv32_virt;
    assert_equal(case, &case.image, &case.file, requests());
}

#[test]
fn cortex_m4f_and_host_sample_the_same_large_images() {
    let [case, ..] = &cases().fashion;
    assert_equal(case, &case.image, &case.file, few_requests());
}

#[test]
fn cortex_m33_and_host_sample_the_same_large_images() {
    let [_, case, _] = &cases().fashion;
    assert_equal(case, &case.image, &case.file, few_requests());
}

#[test]
fn rv32imc_and_host_sample_the_same_large_images() {
    let [.., case] = &cases().fashion;
    assert_equal(case, &case.image, &case.file, few_requests().step_by(2));
}

/// The other path has formulas of its own in every solver.
fn assert_equal_on_bayes_path(case: &Case) {
    let bayes = models::on_bayes_path(&case.file).unwrap();
    assert_equal(case, &case.image.with_model(&case.file, &bayes).unwrap(), &bayes, requests());
}

#[test]
fn cortex_m4f_and_host_sample_the_same_on_the_bayes_path() {
    assert_equal_on_bayes_path(&cases().mps2_an386);
}

#[test]
fn cortex_m33_and_host_sample_the_same_on_the_bayes_path() {
    assert_equal_on_bayes_path(&cases().mps2_an505);
}

#[test]
fn rv32imc_and_host_sample_the_same_on_the_bayes_path() {
    assert_equal_on_bayes_path(&cases().riscv32_virt);
}

/// Odd channels, windows of many extents, every layer kind; some rows known, too.
#[test]
fn every_core_and_host_compute_every_layer_kind_the_same() {
    for case in cases().every_kind.iter().chain(&cases().portable) {
        let restored = few_requests().map(|request| Request { known: 3, ..request });
        assert_equal(case, &case.image, &case.file, few_requests().chain(restored).chain(of_classes(case)));
    }
}

/// Asked for one, with guidance and without.
#[test]
fn every_core_and_host_sample_the_same_digit_of_a_class() {
    for case in cases().digits() {
        let mut count = 0;
        let requests = of_classes(case).inspect(|_| count += 1);
        assert_equal(case, &case.image, &case.file, requests);
        assert!(count > 6, "{}", case.board);
    }
}

/// Windows along time of several widths, halved and doubled; every layer kind, in integers and in floats.
#[test]
fn every_core_and_host_sample_the_same_series() {
    let cases = cases();
    for case in cases.series.iter().chain(&cases.portable_series).chain(&cases.float_series) {
        assert_equal(case, &case.image, &case.file, few_requests());
    }
    let case = &cases.series_tiny;
    assert_equal(case, &case.image, &case.file, few_requests().take(2));
}

#[test]
fn every_core_and_host_sample_the_same_digits_in_floats() {
    let [microbit, mps2_an386, mps2_an505, riscv32_virt] = &cases().float_digits;
    // Without floating point: a fortieth of the others' speed.
    for case in [microbit, riscv32_virt] {
        assert_equal(case, &case.image, &case.file, few_requests().skip(6).take(1));
    }
    for case in [mps2_an386, mps2_an505] {
        assert_equal(case, &case.image, &case.file, few_requests());
    }
}

#[test]
fn cortex_m4f_and_host_sample_the_same_large_images_in_floats() {
    let case = &cases().float_fashion;
    assert_equal(case, &case.image, &case.file, few_requests().skip(5));
}

/// On both paths; with some of the image known, too.
#[test]
fn every_core_and_host_sample_the_same_with_float32_weights() {
    for case in &cases().float32 {
        let bayes = models::on_bayes_path(&case.file).unwrap();
        let of_bayes = case.image.with_model(&case.file, &bayes).unwrap();
        for (image, file) in [(&case.image, &case.file), (&of_bayes, &bayes)] {
            let restored = few_requests().map(|request| Request { known: 3, ..request });
            assert_equal(case, image, file, few_requests().chain(restored));
        }
    }
}

/// Its activations are read by several nodes, over a level of half the extent and back.
#[test]
fn every_core_and_host_sample_the_same_with_a_skip() {
    for case in cases().with_skip.iter().chain([&cases().float_with_skip]) {
        assert_equal(case, &case.image, &case.file, few_requests());
    }
}

/// The comparison would notice the smallest change that a model can have.
#[test]
fn a_weight_off_by_one_is_noticed() {
    let request = Request { seed: 1, steps: STEPS, exponent: 0.7, temperature: 0.0, ..Request::of(Solver::Ab2) };
    for case in cases().all() {
        let perturbed = models::perturbed(&case.file).unwrap();
        let image = case.image.with_model(&case.file, &perturbed).unwrap();
        let (host, device) = (on_host(&case.file, &request).unwrap(), image.answer(&request).unwrap().bits);
        assert_ne!(device.steps[0].drift, host.steps[0].drift);
        assert_ne!(device.sample, host.sample);
        assert_ne!(device.energy, host.energy);
        assert_eq!(device, on_host(&perturbed, &request).unwrap(), "{} on {}", case.model, case.board);
    }
}
