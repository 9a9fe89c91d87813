//! How far the drifts of two models of one architecture agree.

use crate::arithmetic::random::generator;
use crate::sampling::asked::in_turn;
use crate::sampling::{Prepared, SamplingError, Settings};
use rayon::prelude::*;
use vapo_format::Model;
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::{Error, Noise, Potential};

/// How far the drifts of two models of one architecture agree, along trajectories of the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Mean cosine of the angle between the drifts.
    pub mean_cosine: f64,
    /// Smallest cosine.
    pub least_cosine: f64,
}

impl Agreement {
    /// That of some comparisons.
    ///
    /// # Errors
    /// There are none.
    pub fn of<'c>(comparisons: impl IntoIterator<Item = &'c Comparison>) -> Result<Self, SamplingError> {
        let cosines: Vec<f64> = comparisons.into_iter().map(|comparison| comparison.cosine).collect();
        let least_cosine = cosines.iter().copied().reduce(f64::min).ok_or(SamplingError::NothingCompared)?;
        Ok(Agreement { mean_cosine: cosines.iter().sum::<f64>() / cosines.len() as f64, least_cosine })
    }
}

/// How far two drifts of one sample agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Time of the evaluation.
    pub time: f32,
    /// Cosine of the angle between the drifts.
    pub cosine: f64,
    /// Norm of their difference, in parts of the first one's.
    pub error: f64,
}

/// Compares the drifts of `model` and `other` at every evaluation of `settings.count` trajectories of `model`, of its classes in
/// turn. `told` is
/// called after every trajectory, from the thread that computed it.
///
/// # Errors
/// No trajectories, a temperature that is negative or not finite, or a drift that is zero or not finite: its cosine with
/// any other is undefined.
pub fn agreement(
    model: &Model<'_>,
    other: &Model<'_>,
    settings: &Settings,
    told: impl Fn() + Sync,
) -> Result<Agreement, SamplingError> {
    Agreement::of(comparisons(model, other, settings, told)?.iter().flatten())
}

/// As [`agreement`]: each trajectory's comparisons, in their order.
///
/// # Errors
/// As [`agreement`], but for no trajectories.
pub fn comparisons(
    model: &Model<'_>,
    other: &Model<'_>,
    settings: &Settings,
    told: impl Fn() + Sync,
) -> Result<Vec<Vec<Comparison>>, SamplingError> {
    let (prepared, elements) = ([Prepared::new(model)?, Prepared::new(other)?], model.signal().elements());
    let trajectory = |index: usize| -> Result<Vec<Comparison>, SamplingError> {
        let [prepared, other_prepared] = &prepared;
        let [mut memory, mut other_memory] = [prepared, other_prepared].map(Prepared::memory);
        let mut compared = Compared {
            model: prepared.potential(&mut memory)?,
            other: other_prepared.potential(&mut other_memory)?,
            of_other: vec![0.0; elements],
            found: Vec::new(),
            undefined: None,
        };
        let class = in_turn(index, model.classes());
        compared.model.set_class(class)?;
        compared.other.set_class(class)?;
        let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
        let (mut x, mut buffers) = (vec![0.0; elements], vec![0.0; settings.solver.buffers() * elements]);
        noise.fill(&mut x);
        let homotopy = model.homotopy();
        let sde = Sde { drift: &mut compared, homotopy, temperature: settings.temperature };
        settings.solver.integrate(sde, settings.schedule, &mut noise, &mut x, &mut buffers, |_, _| ())?;
        told();
        match compared.undefined {
            Some(time) => Err(SamplingError::NoAngle { image: index, time }),
            None => Ok(compared.found),
        }
    };
    // All are computed before the first error is looked for, so that the same image is named on any number of threads.
    let trajectories: Vec<Result<Vec<Comparison>, SamplingError>> =
        (0..settings.count).into_par_iter().map(trajectory).collect();
    trajectories.into_iter().collect()
}

/// The drift of one model, noting how far that of another agrees.
struct Compared<'a> {
    model: Potential<'a>,
    other: Potential<'a>,
    of_other: Vec<f32>,
    found: Vec<Comparison>,
    /// Time of the first evaluation at which the drifts make no angle.
    undefined: Option<f32>,
}

impl Drift for Compared<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.model.drift(x, time, drift)?;
        self.other.drift(x, time, &mut self.of_other)?;
        match cosine(drift, &self.of_other) {
            Some(cosine) => self.found.push(Comparison { time, cosine, error: error(drift, &self.of_other) }),
            None => self.undefined = self.undefined.or(Some(time)),
        }
        Ok(())
    }
}

/// Cosine of the angle between two drifts; none where one is zero or not finite.
fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    Some(dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).filter(|cosine| cosine.is_finite())
}

/// Norm of the difference of two drifts, in parts of the first one's.
fn error(a: &[f32], b: &[f32]) -> f64 {
    let squares = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let difference = squares(&mut a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    (difference / squares(&mut a.iter().copied().map(f64::from))).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantise::model_file;
    use crate::run::preset::Preset;
    use crate::sampling::Asked;
    use vapo_format::{Architecture, Encoding, Homotopy, Shape};
    use vapo_sampler::{Schedule, Solver};

    fn architecture() -> Architecture {
        let image = Shape { channels: 1, height: 8, width: 8 };
        Preset::named("tiny").unwrap().architecture(image, Homotopy::Linear)
    }

    /// A model of weights that are all the same.
    fn model(weight: f32) -> Vec<u8> {
        model_file(&architecture(), &vec![weight; architecture().parameters()], Encoding::Float32).unwrap()
    }

    fn compare(model: &[u8], other: &[u8], count: usize) -> Result<Agreement, SamplingError> {
        let schedule = Schedule::uniform(3).unwrap();
        let settings =
            Settings { count, solver: Solver::Euler, schedule, temperature: 0.0, seed: 4, asked: Asked::default() };
        agreement(&Model::parse(model).unwrap(), &Model::parse(other).unwrap(), &settings, || ())
    }

    #[test]
    fn a_cosine_is_none_where_there_is_no_angle() {
        let exact = |a: &[f32], b: &[f32]| cosine(a, b).unwrap();
        assert_eq!(exact(&[3.0, 4.0], &[3.0, 4.0]), 1.0);
        assert_eq!(exact(&[3.0, 4.0], &[-3.0, -4.0]), -1.0);
        assert_eq!(exact(&[3.0, 4.0], &[4.0, 3.0]), 0.96);
        // The squares of these are beyond f32.
        assert!((exact(&[1e38, 0.0], &[1e38, 1e38]) - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((exact(&[1e-38, 0.0], &[1e-38, 1e-38]) - 0.5_f64.sqrt()).abs() < 1e-6);
        for nothing in [[0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0], [1.0, f32::NEG_INFINITY]] {
            assert_eq!((cosine(&nothing, &[1.0, 2.0]), cosine(&[1.0, 2.0], &nothing)), (None, None));
        }
    }

    #[test]
    fn errors_are_relative() {
        assert_eq!(error(&[3.0, 4.0], &[3.0, 4.0]), 0.0);
        assert_eq!(error(&[3.0, 4.0], &[0.0, 0.0]), 1.0);
        assert_eq!(error(&[3.0, 4.0], &[6.0, 8.0]), 1.0);
        assert_eq!(error(&[3.0, -4.0], &[3.0, -3.0]), 0.2);
    }

    #[test]
    fn drifts_that_make_no_angle_are_an_error() {
        let (some, zero, large) = (model(0.1), model(0.0), model(1e30));
        assert_eq!(compare(&some, &some, 2).map(|found| (found.least_cosine * 1e6).round()), Ok(1e6));
        for (one, other) in [(&zero, &some), (&some, &zero), (&zero, &zero), (&some, &large)] {
            assert_eq!(compare(one, other, 2), Err(SamplingError::NoAngle { image: 0, time: 0.0 }));
        }
        assert_eq!(compare(&some, &some, 0), Err(SamplingError::NothingCompared));
    }
}
