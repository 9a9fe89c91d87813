//! A model that was checked and planned, with its sampler.

use crate::memory::{place, zeroed};
use core::fmt::{self, Display};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_format::model::checksum;
use vapo_sampler::{Condition, Error, Noise, PlanFor, Sampler, Schedule, ScheduleError, Solver};

/// How a sample is drawn.
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) steps: u32,
    pub(crate) solver: u32,
    pub(crate) exponent: f32,
    pub(crate) extrapolation: f32,
    /// None for the usual one.
    pub(crate) temperature: Option<f32>,
    pub(crate) class: Option<u32>,
    pub(crate) guidance: f32,
    /// Whether what is known of `given` is kept.
    pub(crate) restore: bool,
}

/// What a step tells: the numbers of a board's line.
pub(crate) struct Told {
    pub(crate) index: u32,
    pub(crate) time: f32,
    /// CRC-32 of the drift's bytes.
    pub(crate) drift: u32,
}

/// A model and all that is computed with it.
pub(crate) struct Opened {
    pub(crate) model: &'static Model<'static>,
    /// Bytes that the sampler works in.
    pub(crate) arena: usize,
    sampler: Sampler<'static>,
    pub(crate) buffers: Buffers,
}

/// What JavaScript reads and writes. Each is as long as a sample.
pub(crate) struct Buffers {
    /// The sample.
    pub(crate) x: &'static mut [f32],
    /// The sample so far, while it is drawn.
    pub(crate) before: &'static mut [f32],
    /// The image that the potential predicts from there.
    pub(crate) predicted: &'static mut [f32],
    /// What is restored or judged.
    pub(crate) given: &'static mut [f32],
    /// Where it is known: not 0.
    pub(crate) known: &'static mut [u8],
}

/// Why a model is not opened, or a sample not drawn.
pub(crate) enum Refused {
    Model(vapo_format::Error),
    Sampler(Error),
    Schedule(ScheduleError),
    Solver(u32),
    Steps(u32),
    Class(u32),
    Memory(usize),
    Energy,
}

/// Floats are not shown: to print them takes a tenth of this module. `vapo.js` refuses what they would show, or says it.
impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Model(error) => error.fmt(f),
            Refused::Sampler(Error::Class { classes, found }) => {
                write!(f, "expected a class below {classes}, found class {found}: the model has no other")
            }
            Refused::Sampler(Error::Guidance { .. }) => {
                f.write_str("guidance leads to a class: ask for a class as well")
            }
            Refused::Sampler(Error::Temperature { .. }) => f.write_str("a temperature is finite and at least 0"),
            Refused::Sampler(Error::Large { needed }) => {
                write!(
                    f,
                    "the model takes {needed} bytes of memory or more, beyond 32 bits: take one of smaller images"
                )
            }
            Refused::Sampler(_) => {
                f.write_str("the model cannot be computed here: export it anew, or take a newer package")
            }
            Refused::Schedule(ScheduleError::Extrapolation { .. }) => {
                f.write_str("an extrapolation is finite and at least 0: try 1 to 1.5")
            }
            Refused::Schedule(_) => {
                f.write_str("a grading is positive and near enough to 1 that all times differ: try 0.5 to 1.5")
            }
            Refused::Solver(found) => write!(f, "expected one of four solvers, found number {found}"),
            Refused::Steps(found) => write!(f, "expected 1 to 65535 steps, found {found}"),
            Refused::Class(found) => write!(f, "expected a class below 65536, found {found}"),
            Refused::Memory(bytes) => {
                write!(f, "the model takes {bytes} bytes of memory more than there are: take one of smaller images")
            }
            Refused::Energy => f.write_str("there is no energy at time 1: ask at an earlier time, as 0.9"),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Sampler(error)
    }
}

impl Opened {
    /// Checks a model's file and plans its memory.
    pub(crate) fn new(file: &'static [u8]) -> Result<Self, Refused> {
        let model = Model::parse(file).map_err(Refused::Model)?;
        let model = &*place(model).ok_or(Refused::Memory(size_of::<Model<'static>>()))?;
        let plan = PlanFor::<MAX_NODES>::new(model)?;
        let plan = &*place(plan).ok_or(Refused::Memory(size_of::<PlanFor<MAX_NODES>>()))?;
        let elements = plan.elements_guided(Solver::Etd2);
        let numbers =
            |count: usize| zeroed::<f32>(count).ok_or(Refused::Memory(count.saturating_mul(size_of::<f32>())));
        // The solver that takes most; settings say which one draws.
        let sampler = Sampler::new(model, plan, Solver::Etd2, numbers(elements)?)?;
        let sample = model.signal().elements();
        let buffers = Buffers {
            x: numbers(sample)?,
            before: numbers(sample)?,
            predicted: numbers(sample)?,
            given: numbers(sample)?,
            known: zeroed(sample).ok_or(Refused::Memory(sample))?,
        };
        Ok(Opened { model, arena: elements * size_of::<f32>(), sampler, buffers })
    }

    /// Draws a sample into `x`, or restores `given`. `tell` is told each step before it is taken: `before` and `predicted`
    /// are set then.
    pub(crate) fn draw(&mut self, settings: &Settings, mut tell: impl FnMut(Told)) -> Result<(), Refused> {
        let solver = solver(settings.solver)?;
        let steps = u16::try_from(settings.steps).map_err(|_| Refused::Steps(settings.steps))?;
        let schedule = Schedule::graded(steps, settings.exponent).map_err(Refused::Schedule)?;
        let schedule = schedule.extrapolating(settings.extrapolation).map_err(Refused::Schedule)?;
        let temperature = settings.temperature.unwrap_or_else(|| usual_temperature(solver, settings.restore));
        self.sampler.set_solver(solver)?;
        self.sampler.set_condition(Condition { class: class(settings.class)?, guidance: settings.guidance })?;
        let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(settings.seed));
        let Buffers { x, before, predicted, given, known } = &mut self.buffers;
        noise.fill(x);
        let value = |index: usize| match known.get(index) {
            Some(1..) if settings.restore => given.get(index).copied(),
            _ => None,
        };
        self.sampler.trajectory(schedule, temperature, &mut noise, value, x, |moment| {
            // Copies: the solver works on x while JavaScript reads.
            before.iter_mut().zip(moment.x).for_each(|(to, value)| *to = *value);
            predicted.iter_mut().zip(moment.predicted()).for_each(|(to, value)| *to = value);
            let drift = checksum(moment.drift.iter().map(|value| value.to_le_bytes()));
            tell(Told { index: moment.step.index.into(), time: moment.step.start, drift });
        })?;
        Ok(())
    }

    /// The energy of `given` at a time, for a class or whatever class: as the sample that it is, or as an image without noise.
    pub(crate) fn energy(&mut self, time: f32, of: Option<u32>, of_image: bool) -> Result<f32, Refused> {
        self.sampler.potential().set_class(class(of)?)?;
        let given = &*self.buffers.given;
        let energy = if of_image {
            self.sampler.image_energy(given, time)
        } else {
            self.sampler.potential().energy(given, time)
        };
        self.sampler.potential().set_class(None)?;
        energy?.ok_or(Refused::Energy)
    }

    /// The energy of `given` and whether it is above the model's threshold.
    pub(crate) fn verdict(&mut self) -> Result<Option<(f32, bool)>, Refused> {
        let found = self.sampler.verdict(self.buffers.given)?;
        Ok(found.map(|found| (found.energy, found.anomalous)))
    }

    /// The class of `given`, its energy and its margin.
    pub(crate) fn classify(&mut self) -> Result<Option<(u16, f32, f32)>, Refused> {
        let found = self.sampler.classify(self.buffers.given)?;
        Ok(found.map(|found| (found.class, found.energy, found.margin)))
    }
}

fn class(class: Option<u32>) -> Result<Option<u16>, Refused> {
    class.map(|class| u16::try_from(class).map_err(|_| Refused::Class(class))).transpose()
}

/// A solver by its number.
pub(crate) fn solver(number: u32) -> Result<Solver, Refused> {
    Solver::ALL.get(number as usize).copied().ok_or(Refused::Solver(number))
}

/// The temperature at which a solver usually draws or restores.
pub(crate) fn usual_temperature(solver: Solver, restore: bool) -> f32 {
    if restore { solver.restoring_temperature() } else { solver.usual_temperature() }
}
