//! Rung 3 of the ladder: int8 weights against the float weights they were rounded from, on the trained digits model.

use vapo_format::matrix::{Weights, floats};
use vapo_format::{Encoding, Model};
use vapo_sampler::{Noise, Schedule, Solver};
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::evaluation::Moments;
use vapo_train::quantise::model_file;
use vapo_train::sampling::{Settings, agreement, generator, sample};

const FLOAT32: &[u8] = include_bytes!("../golden/digits-float32.vapo");
const INT8: &[u8] = include_bytes!("../../vapo-sampler/firmware/models/digits.vapo");
/// Samples of a Fréchet distance.
const SAMPLES: usize = 2000;

fn settings(count: usize) -> Settings {
    Settings { count, solver: Solver::Ab2, schedule: Schedule::graded(20, 0.8).unwrap(), temperature: 0.0, seed: 1 }
}

#[test]
fn the_flashed_model_is_its_float_twin_quantised() {
    let float = Model::parse(FLOAT32).unwrap();
    let mut parameters = Vec::new();
    for matrix in float.matrices() {
        let Weights::Float32 { values } = matrix.weights else { panic!("not a float model") };
        parameters.extend(floats(values));
        parameters.extend(matrix.biases());
    }
    let quantised = model_file(float.architecture(), &parameters, Encoding::Int8).unwrap();
    assert!(quantised == INT8, "models/digits.vapo is not the quantised golden/digits-float32.vapo");
}

#[test]
fn int8_and_float_drifts_agree_along_trajectories() {
    let (float, int8) = (Model::parse(FLOAT32).unwrap(), Model::parse(INT8).unwrap());
    let found = agreement(&float, &int8, &settings(64)).unwrap();
    assert!(found.mean_cosine >= 0.9995, "mean cosine {}", found.mean_cosine);
    assert!(found.least_cosine >= 0.998, "least cosine {}", found.least_cosine);
}

#[test]
fn int8_samples_are_as_good_as_float_ones() {
    let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
    let mut data = Vec::new();
    dataset.fill(&(0..dataset.len()).collect::<Vec<_>>(), &mut data);
    let dimension = dataset.shape().elements();
    let reference = Moments::of(&data, dimension).unwrap();
    let distance = |file| {
        let images = sample(&Model::parse(file).unwrap(), &settings(SAMPLES)).unwrap();
        Moments::of(&images, dimension).unwrap().distance(&reference).unwrap()
    };
    let (float, int8) = (distance(FLOAT32), distance(INT8));
    let mut noise = vec![0.0; SAMPLES * dimension];
    Noise::new(generator(2)).fill(&mut noise);
    let noise = Moments::of(&noise, dimension).unwrap().distance(&reference).unwrap();
    println!("Fréchet distance to the data: float {float:.4}, int8 {int8:.4}, noise {noise:.1}");
    assert!(int8 <= 1.03 * float, "int8 samples are worse: {int8} against {float}");
    assert!(float < 0.01 * noise, "the float samples are not digits: {float} against {noise} of noise");
}
