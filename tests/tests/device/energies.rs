//! Restoring and judging on the boards: the host's bits and the host's verdicts.

use crate::{Case, cases};
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Model, Threshold};
use vapo_request::Request;
use vapo_sampler::{PlanFor, Sampler, Solver};
use vapo_tests::device::{Image, models, on_host};

const STEPS: u16 = 2;

fn request(solver: Solver, temperature: f32, known: u16) -> Request {
    Request { seed: 11, steps: STEPS, exponent: 0.7, temperature, known, ..Request::of(solver) }
}

fn assert_restores_like_the_host(case: &Case, rows: u16) {
    for (solver, temperature) in Solver::ALL.into_iter().flat_map(|solver| [(solver, 0.0), (solver, 1.0)]) {
        let request = request(solver, temperature, rows / 2);
        let (host, device) = (on_host(&case.file, &request).unwrap(), case.image.answer(&request).unwrap());
        assert_eq!(device.bits, host, "{} on {}, {request}", case.model, case.board);
        let known = host.sample.len() / 2;
        assert_eq!(host.sample[..5], [0.5f32, 0.0, -0.5, -1.0, 0.5].map(f32::to_bits));
        // The other half is not what it would be without the first.
        let sample = on_host(&case.file, &Request { known: 0, ..request }).unwrap().sample;
        assert!((known..sample.len()).all(|index| host.sample[index] != sample[index]), "{request}");
    }
}

#[test]
fn cortex_m0_and_host_restore_the_same_digits() {
    assert_restores_like_the_host(&cases().microbit, 8);
}

#[test]
fn cortex_m4f_and_host_restore_the_same_digits() {
    assert_restores_like_the_host(&cases().mps2_an386, 8);
}

#[test]
fn cortex_m33_and_host_restore_the_same_digits() {
    assert_restores_like_the_host(&cases().mps2_an505, 8);
}

#[test]
fn rv32imc_and_host_restore_the_same_digits() {
    assert_restores_like_the_host(&cases().riscv32_virt, 8);
}

#[test]
fn an_image_that_is_known_is_returned() {
    let request = request(Solver::Ab2, 0.5, 8);
    for case in cases().digits() {
        let device = case.image.answer(&request).unwrap().bits;
        let expected = (0..64).map(|index| (0.5 - 0.5 * (index % 4) as f32).to_bits());
        assert!(device.sample.iter().copied().eq(expected), "{}", case.board);
        assert_eq!(device, on_host(&case.file, &request).unwrap());
    }
}

#[test]
fn without_a_threshold_there_is_no_verdict() {
    let request = request(Solver::Euler, 0.0, 0);
    assert_eq!(cases().mps2_an386.image.answer(&request).unwrap().bits.anomaly, None);
}

/// The energy of the sample of a request, on the mean of its path at `time`.
fn energy(file: &[u8], request: &Request, time: f32) -> f32 {
    let model = Model::parse(file).unwrap();
    let sample: Vec<f32> = on_host(file, request).unwrap().sample.into_iter().map(f32::from_bits).collect();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![0.0; plan.elements_with(request.solver)];
    let mut sampler = Sampler::new(&model, &plan, request.solver, &mut memory).unwrap();
    sampler.image_energy(&sample, time).unwrap().unwrap()
}

/// The threshold is the lower of two samples' energies: the one is still ordinary, the other an anomaly. The next
/// smaller number as a threshold makes an anomaly of both, which only equal bits of the energy can.
#[test]
fn boards_judge_samples_as_the_host_does() {
    let time = 0.5;
    for case in cases().digits() {
        let requests = [0, 4].map(|known| request(Solver::Ab2, 0.0, known));
        let energies = requests.map(|request| energy(&case.file, &request, time));
        let lower = energies[0].min(energies[1]);
        assert_ne!(energies[0], energies[1]);
        let threshold = |energy| Threshold { energy, time, false_positive_rate: 0.05 };
        let [at, below] =
            [lower, lower.next_down()].map(|energy| models::with_threshold(&case.file, threshold(energy)).unwrap());
        let [at_bytes, below_bytes] = [&at, &below].map(|file| file.read().unwrap());
        let image = Image::build(case.board, at.path()).unwrap();
        let images = [image.with_model(&at_bytes, &below_bytes).unwrap(), image];
        for (request, energy) in requests.iter().zip(energies) {
            for (image, (file, anomaly)) in images.iter().zip([(&below_bytes, true), (&at_bytes, energy > lower)]) {
                let device = image.answer(request).unwrap().bits;
                assert_eq!(device.anomaly, Some(anomaly), "{} {request}", case.board);
                assert_eq!(device, on_host(file, request).unwrap());
            }
        }
    }
}
