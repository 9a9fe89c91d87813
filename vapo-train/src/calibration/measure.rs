//! What integer arithmetic changed: measured on trajectories that no exponent was chosen from, and on what is no data.

use crate::calibration::inputs::{Images, Input, no_data};
use crate::calibration::twin::values;
use crate::calibration::{CalibrationError, Settings, observed};
use crate::sampling;
use crate::sampling::agreement::{Agreement, comparisons};
use serde::Serialize;
use vapo_format::architecture::{MAX_NODES, Placed};
use vapo_format::fixed_point::MOST_MAGNITUDE;
use vapo_format::words::magnitudes;
use vapo_format::{Exponents, Layer, Model};
use vapo_sampler::calibration::Ranges;
use vapo_sampler::observer::{Activation, Observer};

/// Trajectories.
const TRAJECTORIES: usize = 8;
/// Their steps.
const STEPS: u16 = 20;

/// What integer arithmetic changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Cosine between the drifts of both arithmetics, all steps together.
    pub mean_cosine: f64,
    /// The least of them.
    pub least_cosine: f64,
    /// Activations that integers had no room for, on trajectories.
    pub saturated: u64,
    /// Likewise, on images that are no data.
    pub saturated_on_no_data: u64,
    /// Every step of a trajectory.
    pub steps: Vec<StepError>,
    /// Every activation.
    pub tensors: Vec<Tensor>,
    /// Every matrix.
    pub matrices: Vec<Bound>,
}

/// How far the drift is from that of float arithmetic at one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepError {
    /// Its time.
    pub time: f32,
    /// Mean cosine of the angle between the drifts.
    pub mean_cosine: f64,
    /// Smallest cosine.
    pub least_cosine: f64,
    /// Norm of the difference in parts of the drift's, as a root mean square.
    pub error: f64,
}

/// An activation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tensor {
    /// The node.
    pub node: u16,
    /// What it computes.
    pub layer: String,
    /// `value`, its output, or `cotangent`.
    pub activation: &'static str,
    /// An integer q stands for q / 2^exponent.
    pub exponent: i8,
    /// The largest magnitude in float arithmetic, on trajectories.
    pub largest: f32,
    /// Likewise, on images that are no data.
    pub largest_on_no_data: f32,
    /// How often the larger of both has room; none where both are 0.
    pub headroom: Option<f32>,
    /// Elements that integers had no room for, on trajectories.
    pub saturated: u64,
    /// Likewise, on images that are no data.
    pub saturated_on_no_data: u64,
}

/// How near the sums of a matrix come to an overflow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// The node that it belongs to.
    pub node: u16,
    /// The largest sum of the magnitudes of an output's weights, forward or in reverse.
    pub largest_sum: u32,
    /// What it may be.
    pub bound: u32,
}

/// What tells integer arithmetic from float arithmetic on the same weights, on the threads of the current pool; the same on any
/// number.
///
/// # Errors
/// A drift of float arithmetic is not finite, or a drift is zero.
pub fn measure(
    float: &Model<'_>,
    integer: &Model<'_>,
    images: &Images,
    settings: &Settings,
) -> Result<Measured, CalibrationError> {
    // No seed of the calibration's.
    let seed = settings.seed.wrapping_add(1 << 32);
    let (solver, schedule, temperature) = settings.way(STEPS);
    let fresh: Vec<Input> =
        (seed..).take(TRAJECTORIES).map(|seed| Input::Trajectory { solver, schedule, temperature, seed }).collect();
    let other = no_data(integer, images, &Settings { seed, ..*settings });
    let drawn = sampling::Settings {
        count: TRAJECTORIES,
        solver,
        schedule,
        temperature,
        seed,
        asked: sampling::Asked::default(),
    };
    let trajectories = comparisons(float, integer, &drawn, || ())?;
    let Agreement { mean_cosine, least_cosine } = Agreement::of(trajectories.iter().flatten())?;
    let ranges = [super::ranges(float, &fresh)?, super::ranges(float, &other)?];
    let counts = [saturations(integer, &fresh)?, saturations(integer, &other)?];
    let tensors: Vec<Tensor> = tensors(integer, &ranges, &counts).collect();
    Ok(Measured {
        mean_cosine,
        least_cosine,
        saturated: tensors.iter().map(|tensor| tensor.saturated).sum(),
        saturated_on_no_data: tensors.iter().map(|tensor| tensor.saturated_on_no_data).sum(),
        steps: (0..schedule.steps().len()).map(|step| of_step(&trajectories, step)).collect::<Result<_, _>>()?,
        tensors,
        matrices: bounds(integer),
    })
}

/// All trajectories at one step.
fn of_step(
    trajectories: &[Vec<sampling::agreement::Comparison>],
    step: usize,
) -> Result<StepError, sampling::SamplingError> {
    let at: Vec<_> = trajectories.iter().filter_map(|trajectory| trajectory.get(step)).collect();
    let Agreement { mean_cosine, least_cosine } = Agreement::of(at.iter().copied())?;
    let squares: f64 = at.iter().map(|comparison| comparison.error * comparison.error).sum();
    let time = at.first().map_or(0.0, |comparison| comparison.time);
    Ok(StepError { time, mean_cosine, least_cosine, error: (squares / at.len() as f64).sqrt() })
}

/// A row for each activation that there is.
fn tensors<'m>(
    model: &Model<'m>,
    ranges: &'m [Ranges; 2],
    counts: &'m [Saturations; 2],
) -> impl Iterator<Item = Tensor> + use<'m> {
    let exponents: Vec<Exponents> = model.exponents().collect();
    // The read-out has a number alone.
    let nodes = model.walk().filter(|placed| !matches!(placed.node.layer, Layer::Readout(_)));
    nodes.flat_map(move |Placed { index, node, output, .. }| {
        let own = exponents.get(usize::from(index)).copied().unwrap_or_default();
        let value = Some(("value", Activation::Value, own.value));
        let cotangent = output.of_signal.then_some(("cotangent", Activation::Cotangent, own.cotangent));
        let layer = node.layer.to_string();
        [value, cotangent].into_iter().flatten().map(move |(name, activation, exponent)| {
            let [largest, largest_on_no_data] = ranges.each_ref().map(|ranges| ranges.largest(index, activation));
            let [saturated, saturated_on_no_data] = counts.each_ref().map(|counts| counts.count(index, activation));
            let room = libm::exp2f(15.0 - f32::from(exponent));
            let most = largest.max(largest_on_no_data);
            Tensor {
                node: index,
                layer: layer.clone(),
                activation: name,
                exponent,
                largest,
                largest_on_no_data,
                headroom: (most > 0.0).then_some(room / most),
                saturated,
                saturated_on_no_data,
            }
        })
    })
}

fn bounds(model: &Model<'_>) -> Vec<Bound> {
    let bound = |shape: &vapo_format::matrix::MatrixShape, values: &[i8]| Bound {
        node: shape.node,
        largest_sum: magnitudes(shape, values).max().unwrap_or_default(),
        bound: MOST_MAGNITUDE,
    };
    model.matrices().map(|(shape, matrix)| bound(&shape, &values(&shape, &matrix))).collect()
}

/// Elements of all inputs that integers had no room for.
fn saturations(model: &Model<'_>, inputs: &[Input]) -> Result<Saturations, CalibrationError> {
    let all = observed(model, inputs, Saturations::default, || ())?;
    Ok(all.iter().fold(Saturations::default(), |all, counts| all.merged(counts)))
}

/// How many elements of every activation are the largest or the smallest integer, which is what larger ones become.
#[derive(Clone, Debug)]
struct Saturations {
    values: [u64; MAX_NODES],
    cotangents: [u64; MAX_NODES],
}

impl Default for Saturations {
    fn default() -> Self {
        Saturations { values: [0; MAX_NODES], cotangents: [0; MAX_NODES] }
    }
}

impl Observer for Saturations {
    fn integer(&mut self, node: u16, activation: Activation, values: &[i16]) {
        let counts = match activation {
            Activation::Value => &mut self.values,
            Activation::Cotangent => &mut self.cotangents,
        };
        if let Some(count) = counts.get_mut(usize::from(node)) {
            *count += values.iter().filter(|value| matches!(**value, i16::MIN | i16::MAX)).count() as u64;
        }
    }
}

impl Saturations {
    fn merged(mut self, other: &Saturations) -> Self {
        let own = self.values.iter_mut().chain(&mut self.cotangents);
        own.zip(other.values.iter().chain(&other.cotangents)).for_each(|(count, other)| *count += other);
        self
    }

    fn count(&self, node: u16, activation: Activation) -> u64 {
        let counts = match activation {
            Activation::Value => &self.values,
            Activation::Cotangent => &self.cotangents,
        };
        counts.get(usize::from(node)).copied().unwrap_or_default()
    }
}
