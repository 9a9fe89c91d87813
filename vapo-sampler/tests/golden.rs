//! Literal results. They hold on every target and at every optimisation level; a change here changes every sample that
//! anyone ever drew.

mod common;

use common::{digits, generator, plan, random_model, with_exponents};
use vapo_format::{Arithmetic, Encoding, Exponents, Model};
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
    assert_checksums(&model, cases);
}

/// Trained weights, in integers of these exponents.
#[test]
fn samples_of_integers_never_change() {
    let floats = Model::parse(include_bytes!("version-2/digits.vapo")).unwrap();
    let bytes = with_exponents(&floats, &EXPONENTS.map(|[value, cotangent]| Exponents { value, cotangent }));
    let model = Model::parse(&bytes).unwrap();
    assert_eq!(model.arithmetic(), Arithmetic::Integer);
    let cases = [
        (Solver::Euler, 0.0, 0xe07b_38d9_ae63_5415),
        (Solver::Euler, 1.0, 0xa36b_e5ea_f171_6150),
        (Solver::Heun, 0.0, 0x2392_55c9_c885_598f),
        (Solver::Heun, 1.0, 0x2ec9_592e_4ad6_8e0d),
        (Solver::Ab2, 0.0, 0x92a5_31b1_13bc_2157),
        (Solver::Ab2, 1.0, 0xfe39_6d2c_e180_d7de),
        (Solver::Etd2, 0.0, 0x58a2_1f3b_a993_69e2),
        (Solver::Etd2, 1.0, 0x14c4_2ce4_4fd9_b590),
    ];
    assert_checksums(&model, cases);
}

/// Of the value and of the cotangent of each node.
const EXPONENTS: [[i8; 2]; 31] = [
    [12, 12],
    [14, 0],
    [12, 0],
    [12, 0],
    [13, 0],
    [13, 0],
    [12, 12],
    [12, 11],
    [11, 12],
    [13, 0],
    [10, 12],
    [12, 12],
    [12, 12],
    [11, 13],
    [11, 13],
    [11, 14],
    [13, 0],
    [11, 12],
    [11, 13],
    [11, 13],
    [9, 14],
    [9, 14],
    [9, 15],
    [13, 0],
    [10, 13],
    [9, 14],
    [9, 14],
    [9, 14],
    [10, 14],
    [13, 0],
    [0, 0],
];

fn assert_checksums(model: &Model<'_>, cases: [(Solver, f32, u64); 8]) {
    for (solver, temperature, expected) in cases {
        let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), model.arithmetic(), solver)];
        let mut sampler = Sampler::new(model, plan(model), solver, &mut memory).unwrap();
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
    let files: [&[u8]; 2] = [include_bytes!("version-1/digits.vapo"), include_bytes!("version-2/digits.vapo")];
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
