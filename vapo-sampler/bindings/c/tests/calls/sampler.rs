//! Samples, drifts, energies, verdicts and classes are those of `vapo_sampler`.

use crate::common::plan;
use crate::lent::{Lent, arena_bytes, bits, sampler};
use crate::models::{images, of_classes, planned};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::ptr;
use vapo_c::result::VapoResult;
use vapo_c::sampler::{
    VapoClass, VapoSampler, VapoVerdict, vapo_classify, vapo_drift, vapo_energy, vapo_image_energy, vapo_inpaint,
    vapo_sample, vapo_verdict,
};
use vapo_c::settings::{
    VAPO_ANY_CLASS, VAPO_SOLVER_AB2, VAPO_SOLVER_ETD2, VAPO_SOLVER_EULER, VAPO_SOLVER_HEUN, VAPO_USUAL_TEMPERATURE,
    VapoSettings, vapo_settings,
};
use vapo_format::Model;
use vapo_sampler::{Condition, Noise, Sampler, Schedule, Solver};

/// Settings of every solver, with noise and without, on other grids and of classes.
pub(crate) fn settings(classes: u16) -> Vec<VapoSettings> {
    let mut all = vec![vapo_settings(3)];
    for solver in [VAPO_SOLVER_EULER, VAPO_SOLVER_HEUN, VAPO_SOLVER_AB2, VAPO_SOLVER_ETD2] {
        all.push(VapoSettings { seed: u64::MAX - 3, solver, temperature: 0.5, ..vapo_settings(4) });
        all.push(VapoSettings { seed: 11, solver, ..vapo_settings(2) });
    }
    all.push(VapoSettings { exponent: 1.5, extrapolation: 0.0, temperature: 0.0, ..vapo_settings(5) });
    for class_index in 0..classes.into() {
        all.push(VapoSettings { class_index, ..vapo_settings(2) });
        all.push(VapoSettings { class_index, guidance: 1.5, solver: VAPO_SOLVER_HEUN, ..vapo_settings(2) });
    }
    all
}

/// What the sampler draws by these settings, or restores.
fn expected(model: &Model<'_>, settings: &VapoSettings, known: Option<(&[f32], &[u8])>) -> Vec<f32> {
    let solver = Solver::ALL[settings.solver as usize];
    let plan = plan(model);
    let mut memory = vec![f32::NAN; plan.elements_guided(solver)];
    let mut sampler = Sampler::new(model, plan, solver, &mut memory).unwrap();
    let class = u16::try_from(settings.class_index).ok();
    sampler.set_condition(Condition { class, guidance: settings.guidance }).unwrap();
    let schedule = Schedule::graded(settings.steps, settings.exponent).unwrap();
    let schedule = schedule.extrapolating(settings.extrapolation).unwrap();
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(settings.seed));
    let mut image = vec![f32::NAN; model.signal().elements()];
    let usual = if known.is_some() { solver.restoring_temperature() } else { solver.usual_temperature() };
    let temperature = if settings.temperature == VAPO_USUAL_TEMPERATURE { usual } else { settings.temperature };
    match known {
        None => sampler.sample(schedule, temperature, &mut noise, &mut image),
        Some((given, known)) => {
            sampler.inpaint(schedule, temperature, &mut noise, |i| (known[i] != 0).then_some(given[i]), &mut image)
        }
    }
    .unwrap();
    image
}

pub(crate) fn sample(sampler: *mut VapoSampler, settings: &VapoSettings, count: usize) -> Vec<f32> {
    let mut image = vec![f32::NAN; count];
    // SAFETY: a sampler, and pieces of so many numbers.
    assert_eq!(unsafe { vapo_sample(sampler, settings, image.as_mut_ptr(), count) }, VapoResult::Ok);
    image
}

/// Values, and which of them are known: two in three, by whatever number but 0.
pub(crate) fn partly_known(count: usize) -> (Vec<f32>, Vec<u8>) {
    let at = |i: usize| if i.is_multiple_of(3) { (f32::NAN, 0) } else { ((i % 5) as f32 / 4.0 - 0.5, i as u8 | 1) };
    (0..count).map(at).unzip()
}

/// Models, each with its sampler at another alignment.
pub(crate) fn each(mut use_it: impl FnMut(&Model<'_>, *mut VapoSampler)) {
    let files: Vec<Vec<u8>> = images().into_iter().chain(of_classes()).collect();
    for (skew, file) in files.iter().enumerate() {
        let planned = planned(file);
        // At an address of its own, too.
        let model: Vec<u8> = [vec![0; skew % 4], planned].concat();
        let model = &model[skew % 4..];
        let mut lent = Lent::new(arena_bytes(model).unwrap(), skew);
        let sampler = sampler(model, &mut lent).unwrap();
        use_it(&Model::parse(file).unwrap(), sampler);
        assert!(lent.is_intact());
    }
}

#[test]
fn samples_are_those_of_the_sampler_with_every_solver() {
    each(|model, sampler| {
        let count = model.signal().elements();
        let all = settings(model.classes());
        for settings in all.iter().chain(all.iter().rev()) {
            let found = sample(sampler, settings, count);
            assert_eq!(bits(&found), bits(&expected(model, settings, None)), "{settings:?}");
        }
    });
}

#[test]
fn what_is_missing_is_restored_as_the_sampler_does() {
    each(|model, sampler| {
        let count = model.signal().elements();
        let (given, known) = partly_known(count);
        for settings in settings(model.classes()) {
            let mut image = vec![f32::NAN; count];
            let (given, known) = (given.as_slice(), known.as_slice());
            // SAFETY: a sampler, and pieces of so many numbers and bytes.
            let result =
                unsafe { vapo_inpaint(sampler, &settings, given.as_ptr(), known.as_ptr(), image.as_mut_ptr(), count) };
            assert_eq!(result, VapoResult::Ok);
            assert_eq!(bits(&image), bits(&expected(model, &settings, Some((given, known)))), "{settings:?}");
            let kept = image.iter().zip(given).zip(known).all(|((x, given), known)| *known == 0 || x == given);
            assert!(kept, "{settings:?}");
        }
    });
}

#[test]
fn drifts_and_energies_are_those_of_the_potential() {
    each(|model, sampler| {
        let count = model.signal().elements();
        let plan = plan(model);
        let mut memory = vec![f32::NAN; plan.elements_with(Solver::Euler)];
        let mut rust = Sampler::new(model, plan, Solver::Euler, &mut memory).unwrap();
        let x: Vec<f32> = (0..count).map(|i| (i % 7) as f32 / 3.0 - 1.0).collect();
        // Samples of a class before do not change what is asked for here.
        let class_index = i32::from(model.classes()) - 1;
        sample(sampler, &VapoSettings { class_index, ..vapo_settings(1) }, count);
        for class in crate::common::classes(model) {
            let index = class.map_or(VAPO_ANY_CLASS, i32::from);
            for time in [0.0, 0.3, 0.9] {
                rust.potential().set_class(class).unwrap();
                let mut drift = vec![0.0; count];
                let potential = rust.potential().drift(&x, time, &mut drift).unwrap();
                let energy = rust.potential().energy(&x, time).unwrap().unwrap();
                let of_image = rust.image_energy(&x, time).unwrap().unwrap();

                let (mut found, mut numbers) = (vec![f32::NAN; count], [f32::NAN; 3]);
                let ([a, b, c], x) = (&mut numbers, x.as_ptr());
                // SAFETY: a sampler, pieces of so many numbers, and numbers to set.
                let results = unsafe {
                    [
                        vapo_drift(sampler, x, time, index, found.as_mut_ptr(), count, a),
                        vapo_drift(sampler, x, time, index, found.as_mut_ptr(), count, ptr::null_mut()),
                        vapo_energy(sampler, x, count, time, index, b),
                        vapo_image_energy(sampler, x, count, time, index, c),
                    ]
                };
                assert_eq!(results, [VapoResult::Ok; 4]);
                assert_eq!(bits(&found), bits(&drift));
                assert_eq!(bits(&numbers), bits(&[potential, energy, of_image]));
            }
        }
    });
}

#[test]
fn verdicts_and_classes_are_those_of_the_sampler() {
    let mut seen = [0; 2];
    each(|model, sampler| {
        let count = model.signal().elements();
        let plan = plan(model);
        let mut memory = vec![f32::NAN; plan.elements_with(Solver::Euler)];
        let mut rust = Sampler::new(model, plan, Solver::Euler, &mut memory).unwrap();
        for seed in 0..4 {
            let classes = model.classes();
            let settings = VapoSettings { seed, class_index: i32::from(classes) - 1, ..vapo_settings(2) };
            let mut image = sample(sampler, &settings, count);
            image.iter_mut().for_each(|x| *x *= seed as f32);
            let mut verdict = VapoVerdict { energy: f32::NAN, anomalous: false };
            // SAFETY: a sampler, so many numbers, and a verdict to set.
            let result = unsafe { vapo_verdict(sampler, image.as_ptr(), count, &mut verdict) };
            match rust.verdict(&image).unwrap() {
                None => assert_eq!(result, VapoResult::Threshold),
                Some(expected) => {
                    assert_eq!(result, VapoResult::Ok);
                    assert_eq!(verdict, VapoVerdict { energy: expected.energy, anomalous: expected.anomalous });
                    seen[usize::from(verdict.anomalous)] += 1;
                }
            }
            let mut class = VapoClass { class_index: 99, energy: f32::NAN, margin: f32::NAN };
            // SAFETY: likewise.
            let result = unsafe { vapo_classify(sampler, image.as_ptr(), count, &mut class) };
            match rust.classify(&image).unwrap() {
                None => assert_eq!(result, VapoResult::Classifier),
                Some(expected) => {
                    let expected =
                        VapoClass { class_index: expected.class, energy: expected.energy, margin: expected.margin };
                    assert_eq!((result, class), (VapoResult::Ok, expected));
                    image[1] = f32::NAN;
                    // SAFETY: likewise.
                    let result = unsafe { vapo_classify(sampler, image.as_ptr(), count, &mut class) };
                    assert_eq!(result, VapoResult::Number);
                }
            }
        }
    });
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}
