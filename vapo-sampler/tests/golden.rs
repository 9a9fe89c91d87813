//! Literal results. They hold on every target and at every optimisation level; a change here changes every sample that
//! anyone ever drew.

mod common;

use common::{digits, generator, plan, random_model};
use vapo_format::{Arithmetic, Encoding, Model};
use vapo_sampler::{Noise, Sampler, Schedule, Solver, arena};

/// FNV-1a of the bits of a sample.
fn checksum(image: &[f32]) -> u64 {
    let bytes = image.iter().flat_map(|value| value.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn samples_never_change() {
    let bytes = random_model(&digits(), Encoding::Int8, 6);
    let model = Model::parse(&bytes).unwrap();
    let cases = [
        (Solver::Euler, 0.0, 0xd755_b5ea_b5f1_d39c),
        (Solver::Euler, 1.0, 0xdd39_6a79_2f4c_5c97),
        (Solver::Heun, 0.0, 0x5e6f_41b2_bb58_9941),
        (Solver::Heun, 1.0, 0xcb7b_4e9b_83ad_c6ee),
        (Solver::Ab2, 0.0, 0x7678_3775_cc59_218a),
        (Solver::Ab2, 1.0, 0x1b8f_ccfd_1fd5_6188),
        (Solver::Etd2, 0.0, 0x6b88_a478_3e96_b8f7),
        (Solver::Etd2, 1.0, 0xb8e7_201b_43c6_6696),
    ];
    for (solver, temperature, expected) in cases {
        let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), Arithmetic::Float, solver)];
        let mut sampler = Sampler::new(&model, plan(&model), solver, &mut memory).unwrap();
        let mut image = [0.0; 64];
        let schedule = Schedule::graded(10, 0.8).unwrap();
        sampler.sample(schedule, temperature, &mut Noise::new(generator(7)), &mut image).unwrap();
        assert!(image.iter().all(|value| value.is_finite()));
        let found = checksum(&image);
        assert_eq!(found, expected, "{solver:?} at temperature {temperature}: {found:#018x}");
    }
}

/// A file of version 1 and the same model in version 2: the same plan, drifts and energies, bit for bit.
#[test]
fn both_versions_of_the_digits_sample_the_same_bits() {
    let files: [&[u8]; 2] = [include_bytes!("version-1/digits.vapo"), include_bytes!("../firmware/models/digits.vapo")];
    let models = files.map(|file| Model::parse(file).unwrap());
    assert_eq!(models.each_ref().map(Model::version), [1, 2]);
    let [first, second] = models.each_ref().map(|model| (model.architecture(), plan(model)));
    assert_eq!(first.0, second.0);
    assert_eq!((first.1.steps(), first.1.bytes), (second.1.steps(), second.1.bytes));
    let samples = models.each_ref().map(|model| {
        let solver = Solver::default();
        let mut memory = vec![f32::NAN; plan(model).elements_with(solver)];
        let mut sampler = Sampler::new(model, plan(model), solver, &mut memory).unwrap();
        let mut image = [0.0; 64];
        let schedule = Schedule::graded(5, Schedule::EXPONENT).unwrap();
        sampler.sample(schedule, 0.3, &mut Noise::new(generator(7)), &mut image).unwrap();
        let energy = sampler.potential().energy(&image, 0.9).unwrap().unwrap();
        image.map(f32::to_bits).into_iter().chain([energy.to_bits()]).collect::<Vec<u32>>()
    });
    assert_eq!(samples[0], samples[1]);
}
