//! Rung 3 of the ladder: int8 weights against float weights, on the trained digits model and its twin, the same training
//! without the last part in which weights rest where int8 holds them (`--int8-part 0`).

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
    Settings {
        count,
        solver: Solver::default(),
        schedule: Schedule::graded(20, Schedule::EXPONENT).unwrap(),
        temperature: Solver::default().usual_temperature(),
        seed: 1,
    }
}

/// The parameters of a model file, in float.
fn parameters(file: &[u8]) -> Vec<f32> {
    let mut parameters = Vec::new();
    for matrix in Model::parse(file).unwrap().matrices() {
        let columns = matrix.biases().count();
        match matrix.weights {
            Weights::Float32 { values } => parameters.extend(floats(values)),
            Weights::Int8 { values, scales } => {
                let scales: Vec<f32> = floats(scales).collect();
                let rows = values.chunks_exact(columns).flat_map(|row| row.iter().zip(&scales));
                parameters.extend(rows.map(|(value, scale)| f32::from(*value as i8) * scale));
            }
        }
        parameters.extend(matrix.biases());
    }
    parameters
}

fn quantised(file: &[u8]) -> Vec<u8> {
    model_file(Model::parse(file).unwrap().architecture(), &parameters(file), Encoding::Int8).unwrap()
}

#[test]
fn quantising_what_is_quantised_changes_no_byte() {
    assert!(quantised(INT8) == INT8);
    assert!(quantised(FLOAT32) != INT8);
}

#[test]
fn int8_and_float_drifts_agree_along_trajectories() {
    let rounded = quantised(FLOAT32);
    let (float, int8) = (Model::parse(FLOAT32).unwrap(), Model::parse(&rounded).unwrap());
    let found = agreement(&float, &int8, &settings(64), || ()).unwrap();
    println!("cosine {} (least {})", found.mean_cosine, found.least_cosine);
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
