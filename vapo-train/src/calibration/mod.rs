//! From float to integer arithmetic: which integers activations become, measured where the potential is used.
//!
//! A model of scaled weights is evaluated in float arithmetic on everything in [`mod@inputs`]; the largest magnitudes choose an
//! exponent for every activation, with a headroom. The weights stay as they are, unless a sum of them could overflow.
//!
//! | module | concept |
//! |---|---|
//! | [`mod@inputs`] | what the potential is evaluated on: trajectories, images, and images that are no data |
//! | [`bound`] | larger scales where the sum of an output's weights could overflow |
//! | [`twin`] | the model of float arithmetic that has the weights of one of integer arithmetic |
//! | [`measure`] | what integer arithmetic changed: saturations, headroom left, and the drift's error |

pub mod bound;
pub mod inputs;
pub mod measure;
pub mod twin;

use crate::calibration::bound::{Coarser, bounded};
use crate::calibration::inputs::{Images, Input, inputs};
use crate::run::distillation;
use crate::sampling::asked::in_turn;
use crate::sampling::{Prepared, SamplingError};
use rayon::prelude::*;
use serde::Serialize;
use vapo_format::model::checksum;
use vapo_format::writer::{Values, Writer, file_bytes};
use vapo_format::{Architecture, Arithmetic, Calibration, Encoding, Layer, Matrix, Model, matrix};
use vapo_sampler::calibration::Ranges;
use vapo_sampler::observer::Observer;
use vapo_sampler::solver::Drift;
use vapo_sampler::{Error, Potential, Schedule, Solver};

/// How exponents are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// How often the largest magnitude seen has room in an activation's integers.
    pub headroom: f32,
    /// Trajectories of each solver, number of steps and temperature.
    pub trajectories: u32,
    /// Images on the path without noise.
    pub images: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// The number of evaluations that a distilled model draws in; none for any other. Its potential is known on such trajectories alone, and
    /// no other input is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluations: Option<u16>,
}

impl Settings {
    /// How samples to measure are drawn: as usual, or in the evaluations that the model is for.
    ///
    /// # Panics
    /// There are no steps.
    pub(crate) fn way(&self, steps: u16) -> (Solver, Schedule, f32) {
        self.evaluations.map_or_else(
            || {
                let solver = Solver::default();
                (solver, inputs::schedule(steps, Schedule::EXPONENT), solver.usual_temperature())
            },
            distillation::way,
        )
    }
}

/// Twice what was seen, on about as many evaluations as 100 samples of 20 steps take.
impl Default for Settings {
    fn default() -> Self {
        Settings { headroom: 2.0, trajectories: 2, images: 32, seed: 0x6361_6c69_6272_6174, evaluations: None }
    }
}

/// Why a model has no integer arithmetic.
#[non_exhaustive]
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// The model is not of weights with scales in float arithmetic.
    #[error("calibration takes a model of int8, int6 or int4 weights, found {found}")]
    Encoding {
        /// Its encoding.
        found: Encoding,
    },
    /// The network has a layer that there is no integer arithmetic of.
    #[error(
        "the network has a layer that is computed in floats alone, `{layer}`: there is no integer model of it; use the model in \
         float arithmetic"
    )]
    FloatOnly {
        /// The layer.
        layer: Layer,
    },
    /// A drift holds a value that is infinite or not a number.
    #[error("the drift is not finite on {input}: training diverged (try a lower --lr)")]
    NotFinite {
        /// What it was evaluated on.
        input: String,
    },
    /// No exponents suit.
    #[error(
        "activations of the network are too many orders of magnitude apart for integers of 16 bits with a headroom of {headroom}: \
         take a lower --headroom, keep float arithmetic, or train anew, with a higher --weight-decay for instance"
    )]
    Apart {
        /// The headroom.
        headroom: f32,
    },
    /// Samples that stand for data cannot be drawn.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// The sampler refused.
    #[error(transparent)]
    Refused(#[from] Error),
    /// The format refused.
    #[error(transparent)]
    Format(#[from] vapo_format::Error),
}

/// A model of integer arithmetic, and what was found on the way.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// The model file. It has no threshold: energies of integers are a little other ones.
    pub file: Vec<u8>,
    /// The file of float arithmetic with the same weights.
    pub float: Vec<u8>,
    /// Matrices whose weights took larger scales.
    pub coarser: Vec<Coarser>,
}

/// Checks that there is integer arithmetic of all that a network is made of.
///
/// # Errors
/// [`CalibrationError::FloatOnly`].
pub fn check(architecture: &Architecture) -> Result<(), CalibrationError> {
    match architecture.nodes.iter().find(|node| node.layer.kind().float_only()) {
        None => Ok(()),
        Some(node) => Err(CalibrationError::FloatOnly { layer: node.layer }),
    }
}

/// The file of a model of scaled weights in integer arithmetic, on the threads of the current pool; the same bytes on any number.
/// `told` is called after every one of [`inputs::inputs`], from the thread that evaluated the potential on it.
///
/// # Errors
/// Another encoding, a drift that is not finite, or exponents that integers do not have.
pub fn integer_model(
    model: &Model<'_>,
    images: &Images,
    settings: &Settings,
    told: impl Fn() + Sync,
) -> Result<Calibrated, CalibrationError> {
    check(&model.architecture())?;
    let found = model.encoding();
    let bits = found.bits().filter(|_| found.arithmetic() == Arithmetic::Float);
    let encoding = Encoding::of(Arithmetic::Integer, bits.ok_or(CalibrationError::Encoding { found })?);
    let (float, coarser) = bounded(model)?;
    let bounded = Model::parse(&float)?;
    let ranges = ranges_telling(&bounded, &inputs(model, images, settings), told)?;
    let exponents =
        ranges.exponents(&bounded, settings.headroom).ok_or(CalibrationError::Apart { headroom: settings.headroom })?;
    let calibration = Calibration { exponents: &exponents, digest: digest(settings, images) };
    let matrices = bounded.matrices().map(|(_, matrix)| Scaled::of(&matrix));
    let file = file_of(&bounded.architecture(), encoding, Some(calibration), matrices)?;
    Ok(Calibrated { file, float, coarser })
}

/// Tells apart calibrations of other settings or of other images.
fn digest(settings: &Settings, images: &Images) -> u32 {
    let settings = serde_json::to_vec(settings).unwrap_or_default();
    checksum([&settings, images.fingerprint.as_bytes()])
}

/// The largest magnitudes of all activations on all inputs.
///
/// # Errors
/// A drift is not finite.
pub fn ranges(model: &Model<'_>, inputs: &[Input]) -> Result<Ranges, CalibrationError> {
    ranges_telling(model, inputs, || ())
}

/// As [`ranges`]. `told` is called after every input.
fn ranges_telling(model: &Model<'_>, inputs: &[Input], told: impl Fn() + Sync) -> Result<Ranges, CalibrationError> {
    let all = observed(model, inputs, Ranges::default, told)?;
    Ok(all.iter().fold(Ranges::default(), |all, ranges| all.merged(ranges)))
}

/// What an observer sees on each input, of the model's classes in turn.
///
/// # Errors
/// A drift is not finite.
pub(crate) fn observed<O: Observer + Send>(
    model: &Model<'_>,
    inputs: &[Input],
    observer: impl Fn() -> O + Sync,
    told: impl Fn() + Sync,
) -> Result<Vec<O>, CalibrationError> {
    let prepared = Prepared::new(model)?;
    let visit = |memory: &mut Vec<f32>, (index, input): (usize, &Input)| {
        let mut potential = prepared.potential(memory)?;
        potential.set_class(in_turn(index, model.classes()))?;
        let mut drift = Observed { potential, observer: observer(), finite: true };
        input.visit(&mut drift, model.homotopy(), model.signal())?;
        told();
        if drift.finite { Ok(drift.observer) } else { Err(CalibrationError::NotFinite { input: input.to_string() }) }
    };
    // All are visited before the first error is looked for, so that the same input is named on any number of threads.
    let all: Vec<Result<O, CalibrationError>> =
        inputs.par_iter().enumerate().map_init(|| prepared.memory(), visit).collect();
    all.into_iter().collect()
}

/// A drift that an observer looks at.
struct Observed<'a, O> {
    potential: Potential<'a>,
    observer: O,
    finite: bool,
}

impl<O: Observer> Drift for Observed<'_, O> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        let potential = self.potential.observed_drift(x, time, drift, &mut self.observer)?;
        self.finite &= potential.is_finite() && drift.iter().all(|value| value.is_finite());
        Ok(())
    }
}

/// A matrix of integers with scales on its way from one file to another.
struct Scaled {
    biases: Vec<f32>,
    values: Vec<i8>,
    scales: Vec<f32>,
}

impl Scaled {
    /// A matrix of a model of scaled weights; without weights if it is of another.
    fn of(matrix: &Matrix<'_>) -> Self {
        let (values, scales) = match matrix.weights {
            matrix::Weights::Scaled { values, scales } => {
                (values.first(matrix.rows * matrix.columns).collect(), matrix::floats(scales).collect())
            }
            _ => Default::default(),
        };
        Scaled { biases: matrix.biases().collect(), values, scales }
    }
}

/// The file of these matrices: of integer arithmetic with a calibration, of float arithmetic without one.
fn file_of(
    architecture: &Architecture,
    encoding: Encoding,
    calibration: Option<Calibration<'_>>,
    matrices: impl Iterator<Item = Scaled>,
) -> Result<Vec<u8>, vapo_format::Error> {
    let mut file = vec![0; file_bytes(architecture, encoding)?];
    let mut writer = match calibration {
        Some(calibration) => Writer::integer(&mut file, architecture, encoding, calibration, None)?,
        None => Writer::new(&mut file, architecture, encoding)?,
    };
    for Scaled { biases, values, scales } in matrices {
        writer.matrix(&biases, Values::Int8 { values: &values, scales: &scales })?;
    }
    writer.finish()?;
    Ok(file)
}
