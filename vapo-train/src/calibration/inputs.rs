//! What the potential is evaluated on: what it meets in use, and what it has to bear.
//!
//! * Trajectories, from 5 to 50 steps, cold and hot, some as hot as restorations.
//! * Images on the path without noise, where anomalies are scored.
//! * Images that are no data: an anomaly score must hold exactly there.

use crate::arithmetic::random::{generator, shuffle, uniform};
use crate::calibration::{CalibrationError, Settings};
use crate::dataset::Dataset;
use crate::run::distillation;
use crate::sampling::{self, anomaly};
use std::fmt;
use vapo_format::{Homotopy, Model, Scaling, Shape};
use vapo_sampler::homotopy::coefficients;
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::{Error, Noise, Schedule, Solver};

/// Numbers of steps of trajectories.
const STEPS: [u16; 4] = [5, 10, 20, 50];
/// Solvers of trajectories: of one and of two evaluations a step.
const SOLVERS: [Solver; 2] = [Solver::Etd2, Solver::Heun];
/// Times at which images are looked at, beside that of anomalies.
const TIMES: [f32; 6] = [0.1, 0.3, 0.7, 0.9, 0.99, anomaly::TIME];
/// Every so-manieth image is looked at as what is no data.
const CHANGED: usize = 4;
/// Trajectories of a distilled model, beside the repetitions that settings ask for: each is a few evaluations.
const FEW: usize = 256;
/// Steps, grid and temperature of a trajectory that is as hot as a restoration, of a solver that follows heat less exactly.
const HOT: (u16, f32, f32) = (100, 1.5, 8.0);

/// Images of the potential's extent, in [-1, 1].
#[derive(Clone, Debug)]
pub struct Images {
    shape: Shape,
    /// One after another.
    values: Vec<f32>,
    /// What tells them from others.
    pub(super) fingerprint: String,
}

impl Images {
    /// Images of a data set, spread over all of it, or samples of the model.
    ///
    /// # Errors
    /// Samples that are not finite.
    ///
    /// # Panics
    /// The images of the data set have another extent than the model's.
    pub fn new(model: &Model<'_>, dataset: Option<&Dataset>, settings: &Settings) -> Result<Self, CalibrationError> {
        let (shape, count) = (model.signal(), settings.images as usize);
        let Some(dataset) = dataset else {
            let (solver, schedule, temperature) = settings.way(20);
            let drawn = sampling::Settings {
                count,
                solver,
                schedule,
                temperature,
                seed: !settings.seed,
                asked: sampling::Asked::default(),
            };
            let mut values = sampling::sample(model, &drawn)?;
            // Pictures have no other values; readings may.
            if model.scaling(0) == Scaling::BYTES {
                values.iter_mut().for_each(|value| *value = value.clamp(-1.0, 1.0));
            }
            return Ok(Images { shape, values, fingerprint: "samples of the model".to_owned() });
        };
        assert_eq!(dataset.shape(), shape, "images of another extent");
        let mut values = Vec::new();
        dataset.fill(&dataset.spread(count), &mut values);
        Ok(Images { shape, values, fingerprint: dataset.fingerprint().sha256 })
    }

    fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.shape.elements())
    }
}

/// One thing that the potential is evaluated on.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A way from noise to data.
    Trajectory {
        /// Integrator.
        solver: Solver,
        /// Times at which it stops.
        schedule: Schedule,
        /// η of the SDE.
        temperature: f32,
        /// Seed of the noise.
        seed: u64,
    },
    /// An image at mean(t)·image, for several times t.
    Image {
        /// What it is.
        what: &'static str,
        /// Its elements.
        image: Vec<f32>,
        /// The times.
        times: Vec<f32>,
    },
}

/// `a trajectory of 10 steps`, for instance.
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Trajectory { solver, schedule, temperature, seed } => {
                let (steps, solver) = (schedule.steps().len(), solver.name());
                write!(f, "a trajectory of {steps} steps, solver {solver}, temperature {temperature}, seed {seed}")
            }
            Input::Image { what, .. } => write!(f, "{what}"),
        }
    }
}

impl Input {
    /// Evaluates the drift of samples of an extent on it.
    ///
    /// # Errors
    /// Those of the drift.
    pub fn visit(&self, drift: &mut impl Drift, homotopy: Homotopy, signal: Shape) -> Result<(), Error> {
        match self {
            &Input::Trajectory { solver, schedule, temperature, seed } => {
                let mut x = vec![0.0; signal.elements()];
                let mut buffers = vec![0.0; solver.buffers() * signal.elements()];
                let mut noise = Noise::new(generator(seed));
                noise.fill(&mut x);
                let sde = Sde { drift, homotopy, temperature };
                solver.integrate(sde, schedule, &mut noise, &mut x, &mut buffers, |_, _| ())
            }
            Input::Image { image, times, .. } => {
                let mut found = vec![0.0; image.len()];
                for &time in times {
                    let mean = coefficients(homotopy, time).mean;
                    let x: Vec<f32> = image.iter().map(|value| mean * value).collect();
                    drift.drift(&x, time, &mut found)?;
                }
                Ok(())
            }
        }
    }
}

/// Everything that exponents are chosen from.
pub fn inputs(model: &Model<'_>, images: &Images, settings: &Settings) -> Vec<Input> {
    let mut inputs = trajectories(settings);
    if settings.evaluations.is_some() {
        return inputs;
    }
    let times = times(model, settings);
    inputs.extend(images.iter().map(|image| Input::Image {
        what: "an image of the data",
        image: image.to_vec(),
        times: times.clone(),
    }));
    inputs.extend(no_data(model, images, settings));
    inputs
}

/// Times at which images are looked at, that of the model's threshold among them. A distilled potential is known at those of its
/// steps.
fn times(model: &Model<'_>, settings: &Settings) -> Vec<f32> {
    if let Some((_, schedule, _)) = settings.evaluations.map(distillation::way) {
        return schedule.steps().map(|step| step.start).collect();
    }
    TIMES.into_iter().chain(model.threshold().map(|threshold| threshold.time)).collect()
}

/// Trajectories of every solver, number of steps and temperature, each with seeds of its own, and hot ones.
fn trajectories(settings: &Settings) -> Vec<Input> {
    let kinds = match settings.evaluations.map(distillation::way) {
        Some(way) => vec![way; FEW],
        None => usual_kinds(),
    };
    let each = (0..settings.trajectories).flat_map(|_| &kinds);
    each.zip(0..)
        .map(|(&(solver, schedule, temperature), index)| Input::Trajectory {
            solver,
            schedule,
            temperature,
            seed: settings.seed.wrapping_add(index),
        })
        .collect()
}

/// Solver, grid and temperature of each trajectory of a model for any number of evaluations.
fn usual_kinds() -> Vec<(Solver, Schedule, f32)> {
    let mut kinds = Vec::new();
    for solver in SOLVERS {
        for steps in STEPS {
            let grid = schedule(steps, Schedule::EXPONENT);
            kinds.extend([0.0, Solver::Etd2.usual_temperature(), 1.0].map(|temperature| (solver, grid, temperature)));
        }
    }
    let (steps, grading, temperature) = HOT;
    kinds.push((Solver::Euler, schedule(steps, grading), temperature));
    kinds
}

/// Images that are no data, some of them made of data.
pub(super) fn no_data(model: &Model<'_>, images: &Images, settings: &Settings) -> Vec<Input> {
    let (shape, times) = (model.signal(), times(model, settings));
    let mut changed: Vec<(&'static str, Vec<f32>)> = Vec::new();
    for value in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        changed.push(("an image of one value", vec![value; shape.elements()]));
    }
    for (image, seed) in images.iter().step_by(CHANGED).zip(0..) {
        let mut generator = generator(settings.seed ^ seed);
        let mut map = |what, change: &mut dyn FnMut(f32) -> f32| {
            changed.push((what, image.iter().map(|value| change(*value).clamp(-1.0, 1.0)).collect()));
        };
        map("an image of half the contrast", &mut |value| 0.5 * value);
        map("a brighter image", &mut |value| value + 0.5);
        map("a darker image", &mut |value| value - 0.5);
        map("an inverted image", &mut |value| -value);
        map("an image of uniform noise", &mut |_| 2.0 * uniform(&mut generator) - 1.0);
        map("an image of black and white noise", &mut |_| if uniform(&mut generator) < 0.5 { -1.0 } else { 1.0 });
        let mut order: Vec<usize> = (0..shape.pixels()).collect();
        // The product may round up to what it is below.
        shuffle(&mut order, |below| ((uniform(&mut generator) * below as f32) as usize).min(below - 1));
        let channels = usize::from(shape.channels);
        let pixels = order.iter().flat_map(|pixel| &image[pixel * channels..][..channels]);
        changed.push(("an image of shuffled pixels", pixels.copied().collect()));
    }
    changed.into_iter().map(|(what, image)| Input::Image { what, image, times: times.clone() }).collect()
}

/// A grid that is there, with the extrapolation of samples.
///
/// # Panics
/// There is none of such steps.
pub(super) fn schedule(steps: u16, exponent: f32) -> Schedule {
    let schedule = Schedule::graded(steps, exponent).and_then(|grid| grid.extrapolating(Schedule::EXTRAPOLATION));
    schedule.expect("a grid of times that all differ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Source;
    use crate::dataset::Split;
    use crate::quantise::model_file;
    use crate::run::preset::Preset;
    use std::collections::BTreeSet;
    use vapo_format::Encoding;

    fn file() -> Vec<u8> {
        let image = Shape { channels: 1, height: 8, width: 8 };
        let architecture = Preset::named("tiny").unwrap().architecture(image, Homotopy::Linear);
        model_file(&architecture, &vec![0.1; architecture.parameters()], Encoding::Int8).unwrap()
    }

    #[test]
    fn everything_that_was_promised_is_among_the_inputs() {
        let file = file();
        let model = Model::parse(&file).unwrap();
        let dataset = Dataset::load(Source::Digits, Split::Test, None).unwrap();
        let settings = Settings::default();
        let images = Images::new(&model, Some(&dataset), &settings).unwrap();
        let inputs = inputs(&model, &images, &settings);
        let named: BTreeSet<String> = inputs.iter().map(|input| input.to_string()).collect();
        for part in [
            "a trajectory of 5 steps, solver etd2, temperature 0,",
            "a trajectory of 50 steps, solver heun, temperature 1,",
            "a trajectory of 20 steps, solver etd2, temperature 0.3,",
            "a trajectory of 100 steps, solver euler, temperature 8,",
            "an image of the data",
            "an image of one value",
            "a brighter image",
            "a darker image",
            "an inverted image",
            "an image of black and white noise",
            "an image of shuffled pixels",
        ] {
            assert!(named.iter().any(|name| name.starts_with(part)), "no {part} in {named:?}");
        }
        // No two of the same noise.
        let seeds = inputs.iter().filter_map(|input| match input {
            Input::Trajectory { seed, .. } => Some(*seed),
            Input::Image { .. } => None,
        });
        assert_eq!(seeds.clone().collect::<BTreeSet<_>>().len(), seeds.count());
        assert!(inputs.iter().all(|input| match input {
            Input::Image { image, times, .. } =>
                image.len() == 64 && times.contains(&anomaly::TIME) && image.iter().all(|value| value.abs() <= 1.0),
            Input::Trajectory { .. } => true,
        }));
    }

    #[test]
    fn images_are_spread_over_the_data_set_and_other_images_have_another_fingerprint() {
        let file = file();
        let model = Model::parse(&file).unwrap();
        let dataset = Dataset::load(Source::Digits, Split::Test, None).unwrap();
        let few = Settings { images: 3, ..Settings::default() };
        let images = Images::new(&model, Some(&dataset), &few).unwrap();
        let mut expected = Vec::new();
        dataset.fill(&[0, dataset.len() / 3, 2 * dataset.len() / 3], &mut expected);
        assert_eq!(images.values, expected);
        let samples = Images::new(&model, None, &few).unwrap();
        assert!(samples.fingerprint != images.fingerprint && samples.iter().count() == 3);
    }
}
