use super::*;
use crate::dataset::{Files, Source, Split};
use crate::potential::parameters::Layout;
use crate::quantise::model_file;
use crate::run::config::Choices;
use crate::run::preset::Preset;
use crate::sampling::paths::paths;
use crate::sampling::{Asked, Settings, sample};
use crate::training::Trainer;
use std::ops::Range;
use vapo_format::{Encoding, Model};
use vapo_sampler::{Schedule, Solver};

fn digits() -> Dataset {
    Dataset::load(Source::Digits, Split::Train, None).unwrap()
}

fn config(dataset: &Dataset, choices: Choices) -> Config {
    let choices = Choices { int8_part: Some(0.0), classes: Some(choices.classes.unwrap_or(false)), ..choices };
    Config::new(Source::Digits, dataset, &Files::default(), &Preset::named("tiny").unwrap(), &choices)
}

/// A run that straightens the ways of a teacher.
fn straightened(config: &Config, real: f32) -> Config {
    let reflow = Reflow { teacher: "teacher".into(), sha256: "1".into(), pairs: 2000, real };
    Config { reflow: Some(reflow), times: crate::path::Times::Uniform, data_noise: 0.0, ..config.clone() }
}

fn advance(trainer: &mut Trainer<'_>, steps: Range<u32>, all: u32) {
    for step in steps {
        trainer.advance(f64::from(step) / f64::from(all)).unwrap();
    }
}

fn trained(config: &Config, dataset: &Dataset, teacher: Option<Vec<f32>>, steps: u32) -> Vec<f32> {
    let mut trainer = Trainer::taught(config, dataset, teacher).unwrap();
    advance(&mut trainer, 0..steps, steps);
    trainer.average().unwrap()
}

fn file(config: &Config, parameters: &[f32]) -> Vec<u8> {
    model_file(&config.architecture, parameters, Encoding::Float32).unwrap()
}

/// The potential q·|x|²/2: its ways are x₀·exp(q·t).
fn quadratic(config: &Config, slope: f32) -> Vec<f32> {
    let layout = Layout::new(&config.architecture);
    let mut parameters = vec![0.0; layout.len()];
    parameters[layout.matrices.last().unwrap().bias().start] = slope;
    parameters
}

#[test]
fn both_ends_of_a_pair_lie_on_one_way_whichever_it_begins_with() {
    let dataset = digits();
    let config = config(&dataset, Choices::default());
    let settings = straightened(&config, 0.5).reflow.unwrap();
    let slope = 0.5f32;
    let teacher = Potential::new(&config.architecture, &quadratic(&config, slope), &Cpu::default());
    let mut beginnings = [0, 0];
    let pairs: Vec<Pair> = (0..6).map(|number| Pair::new(number, &config, &settings, &dataset)).collect();
    let all = other_ends(&pairs, &teacher, 64).unwrap();
    for (number, (pair, made)) in pairs.iter().zip(all.chunks_exact(64)).enumerate() {
        let noise = noise_of(pair.seed, made.len());
        let (begun, factor) = match &pair.image {
            Some(image) => (image, libm::expf(-slope)),
            None => (&noise, libm::expf(slope)),
        };
        beginnings[usize::from(pair.image.is_some())] += 1;
        let far = begun.iter().zip(made).map(|(begun, made)| (factor * begun - made).abs()).fold(0.0, f32::max);
        // Twenty evaluations are not quite the way itself, whose ends are up to 5 from 0.
        assert!(far < 0.04, "{number}: {far}");
    }
    assert_eq!(beginnings, [3, 3]);
}

#[test]
fn what_begins_with_noise_is_the_sample_of_its_seed() {
    let dataset = digits();
    let config = config(&dataset, Choices { classes: Some(true), batch: Some(8), ..Choices::default() });
    let parameters = trained(&config, &dataset, None, 20);
    let settings = straightened(&config, 0.0).reflow.unwrap();
    let file = file(&config, &parameters);
    let model = Model::parse(&file).unwrap();
    let teacher = Potential::new(&config.architecture, &parameters, &Cpu::default());
    let pairs: Vec<Pair> = (0..40).map(|number| Pair::new(number, &config, &settings, &dataset)).collect();
    let all = other_ends(&pairs, &teacher, 64).unwrap();
    let mut classes = Vec::new();
    for (number, (pair, made)) in pairs.iter().zip(all.chunks_exact(64)).enumerate() {
        // However many are made at a time.
        assert!(other_ends(std::slice::from_ref(pair), &teacher, 64).unwrap() == made, "{number}");
        let asked = pair.class.map_or_else(Asked::default, |class| Asked {
            classes: crate::sampling::Classes::One(class),
            ..Asked::default()
        });
        let drawn = Settings {
            count: 1,
            solver: Solver::Etd2,
            schedule: Schedule::usual(20).unwrap(),
            temperature: 0.0,
            seed: pair.seed,
            asked,
        };
        let drawn = sample(&model, &drawn).unwrap();
        let far = drawn.iter().zip(made).map(|(drawn, made)| (drawn - made).abs()).fold(0.0, f32::max);
        assert!(far < 1e-4, "{number}: {far}");
        classes.push(pair.class);
    }
    // Three in ten are told no class, and the others have those of the data.
    assert!((4..24).contains(&classes.iter().filter(|class| class.is_none()).count()), "{classes:?}");
    classes.sort_unstable();
    classes.dedup();
    assert!(classes.len() > 8, "{classes:?}");
}

#[test]
fn ways_become_straighter_and_few_evaluations_follow_them() {
    let dataset = digits();
    let teacher_config = config(&dataset, Choices::default());
    let teacher = trained(&teacher_config, &dataset, None, 600);
    let student_config = straightened(&teacher_config, 0.25);
    let student = trained(&student_config, &dataset, Some(teacher.clone()), 600);
    let [teacher, student] = [teacher, student].map(|parameters| file(&teacher_config, &parameters));
    let settings = |steps, seed| Settings {
        count: 200,
        solver: Solver::Euler,
        schedule: Schedule::uniform(steps).unwrap(),
        temperature: 0.0,
        seed,
        asked: Asked::default(),
    };
    let [before, after] =
        [&teacher, &student].map(|file| paths(&Model::parse(file).unwrap(), &settings(50, 7), || ()).unwrap());
    assert!(after.bend < 0.5 * before.bend, "{} before, {} after", before.bend, after.bend);
    // Of one noise, the sample in two evaluations is nearer to that in fifty, and that one is still where the teacher's is.
    let drawn = |file: &[u8], steps| sample(&Model::parse(file).unwrap(), &settings(steps, 7)).unwrap();
    let apart = |one: &[f32], other: &[f32]| {
        one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f32>() / one.len() as f32
    };
    let of = |file: &[u8]| apart(&drawn(file, 2), &drawn(file, 50));
    assert!(of(&student) < 0.5 * of(&teacher), "{} after, {} before", of(&student), of(&teacher));
    let moved = apart(&drawn(&student, 50), &drawn(&teacher, 50));
    let any = apart(&drawn(&student, 50), &sample(&Model::parse(&teacher).unwrap(), &settings(50, 999)).unwrap());
    assert!(moved < 0.5 * any, "{moved} of one noise, {any} of another");
}

#[test]
fn a_restored_reflow_goes_on_to_the_same_bytes_with_its_file_or_without() {
    let dataset = digits();
    let folder = tempfile::tempdir().unwrap();
    for classes in [false, true] {
        let choices = Choices { batch: Some(8), threads: Some(1), classes: Some(classes), ..Choices::default() };
        let teacher_config = config(&dataset, choices);
        let teacher = trained(&teacher_config, &dataset, None, 3);
        let student = Config { int8_part: 0.3, ..straightened(&teacher_config, 0.25) };
        let path = folder.path().join(format!("{classes}.f16"));
        let new = || Trainer::taught(&student, &dataset, Some(teacher.clone())).unwrap();
        let mut whole = new();
        advance(&mut whole, 0..10, 10);
        let mut first = new().keeping_pairs_in(path.clone());
        advance(&mut first, 0..4, 10);
        let checkpoint = first.checkpoint().unwrap();
        drop(first);
        // 512 before the first step, and one more with each, or a few more that are made along with them.
        let pairs = || path.metadata().unwrap().len() / (2 * 64);
        assert!((512 + 3..512 + 3 + 16).contains(&pairs()), "{}", pairs());
        let two = Config { threads: 2, ..student.clone() };
        let restored = || Trainer::restore_taught(&two, &dataset, Some(teacher.clone()), checkpoint.clone()).unwrap();
        let expected = whole.checkpoint().unwrap();
        for mut rest in [restored(), restored().keeping_pairs_in(path.clone())] {
            advance(&mut rest, 4..10, 10);
            assert!(rest.checkpoint().unwrap() == expected && expected.before_rest.is_some(), "classes {classes}");
        }
        assert!((512 + 9..512 + 9 + 16).contains(&pairs()), "{}", pairs());
        // What the file holds is what is learned: of pairs that nobody looks at, other ends are other steps.
        let kept = std::fs::read(&path).unwrap();
        let last = kept.len() as u64 / 128 - 1;
        let looked_at: Vec<u64> = (0..LOOKED_AT).map(|at| at * last / (LOOKED_AT - 1)).collect();
        let mut held = kept.clone();
        let unseen = held.chunks_exact_mut(128).zip(0u64..).filter(|(_, number)| !looked_at.contains(number));
        unseen.for_each(|(end, _)| end.fill(0));
        std::fs::write(&path, held).unwrap();
        let mut other = restored().keeping_pairs_in(path.clone());
        advance(&mut other, 4..10, 10);
        assert!(other.checkpoint().unwrap() != expected, "classes {classes}");
        // No pairs of this run are made anew.
        std::fs::write(&path, vec![0; kept.len()]).unwrap();
        let mut anew = restored().keeping_pairs_in(path.clone());
        advance(&mut anew, 4..10, 10);
        assert!(anew.checkpoint().unwrap() == expected, "classes {classes}");
    }
}

#[test]
fn what_cannot_be_straightened_is_refused() {
    let dataset = digits();
    let learner = config(&dataset, Choices { batch: Some(8), ..Choices::default() });
    let parameters = vec![0.0; learner.architecture.parameters()];
    let told = |config: &Config, teacher| match Trainer::taught(config, &dataset, teacher).err() {
        Some(TrainingError::Reflow { cause }) => cause,
        other => panic!("not refused: {other:?}"),
    };
    assert!(told(&straightened(&learner, 0.5), None).contains("missing"));
    let antithetic = Config { draws: Draws::Antithetic, ..straightened(&learner, 0.5) };
    assert!(told(&antithetic, Some(parameters.clone())).contains("--draws independent"));
    let choices = Choices { homotopy: Some(Homotopy::Bayes), ..Choices::default() };
    assert!(told(&straightened(&config(&dataset, choices), 0.5), Some(parameters.clone())).contains("linear"));

    // A teacher without finite drifts, and a file that cannot be kept, end the training with a word.
    let student = straightened(&learner, 0.5);
    let ended = |parameters: Vec<f32>, path: &str| {
        let mut trainer = Trainer::taught(&student, &dataset, Some(parameters)).unwrap().keeping_pairs_in(path.into());
        trainer.advance(0.0).unwrap_err().to_string()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.f16");
    let diverged = ended(quadratic(&learner, f32::MAX), path.to_str().unwrap());
    assert!(diverged.contains("not finite") && diverged.contains("diverged"), "{diverged}");
    let lost = ended(parameters, "no/such/folder/pairs.f16");
    assert!(lost.contains("no/such/folder/pairs.f16"), "{lost}");
}

#[test]
fn pairs_of_another_run_are_made_anew() {
    let (dataset, folder) = (digits(), tempfile::tempdir().unwrap());
    let config = config(&dataset, Choices { batch: Some(8), ..Choices::default() });
    let run = straightened(&config, 0.25);
    let path = folder.path().join("pairs.f16");
    let batch = |teacher: &[f32]| {
        let mut pairs = Pairs::new(&run, run.reflow.as_ref().unwrap(), &dataset, teacher).unwrap();
        pairs.keep_in(path.clone());
        let batch = pairs.batch(3, vec![0.5; 8]).unwrap();
        (batch.data, batch.noise)
    };
    let (teacher, other) = (quadratic(&config, 0.5), quadratic(&config, 0.25));
    let expected = batch(&teacher);
    let kept = std::fs::read(&path).unwrap();
    // As they are, they are used again.
    assert!(batch(&teacher) == expected && std::fs::read(&path).unwrap() == kept);
    assert!(batch(&other) != expected);
    assert!(batch(&teacher) == expected, "another teacher's");
    for wrong in [vec![0; kept.len()], vec![0xff; kept.len()]] {
        std::fs::write(&path, wrong).unwrap();
        assert!(batch(&teacher) == expected, "no pairs at all");
        assert!(std::fs::read(&path).unwrap() == kept);
    }
}
