//! An integration on its way: some parts of a drift a call, or what the solver makes of a drift.

use super::{Drift, Sde, Solver, ab2, diffuse, etd2, euler, heun, sde};
use crate::error::Error;
use crate::noise::Noise;
use crate::schedule::{Schedule, Step};
use rand_core::Rng;
use vapo_format::Homotopy;

/// Elements that move at a time: few enough that it takes no longer than a layer, noise included.
pub const GROUP: usize = 16;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// There is.
    Working {
        /// Calls that were made.
        done: u32,
        /// Calls that it takes.
        all: u32,
    },
    /// There is not.
    Done,
}

/// How far an integration is. What it works in comes with every call and must be the same for all of them.
///
/// It may be dropped at any time: what follows begins anew.
///
/// ```
/// use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
/// use vapo_format::Model;
/// use vapo_sampler::solver::{Drift, Integration, Progress};
/// use vapo_sampler::{Noise, PlanFor, Potential, Schedule, Solver};
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # let bytes = example::model();
///
/// let model = Model::parse(&bytes)?;
/// let plan = PlanFor::<32>::new(&model)?;
/// let mut memory = vec![0.0; plan.elements()];
/// let mut potential = Potential::new(&model, &plan, &mut memory)?;
/// let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
/// let mut x = [0.0; 64];
/// noise.fill(&mut x);
///
/// let mut buffers = vec![0.0; Solver::Euler.buffers() * x.len()];
/// let mut integration = Integration::new(Solver::Euler, Schedule::usual(4)?, model.homotopy(), 0.0)?;
/// while !integration.is_done() {
///     integration.advance(1, &mut potential, &mut noise, &mut x, &mut buffers, |_, _| ())?;
/// }
/// assert_eq!(integration.progress(Drift::parts(&potential), x.len()), Progress::Done);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Integration {
    solver: Solver,
    schedule: Schedule,
    homotopy: Homotopy,
    temperature: f32,
    /// The step that is being taken; none after the last.
    step: Option<Step>,
    /// Width of the step before.
    previous_width: Option<f32>,
    /// Whether the drift is that of Heun's corrector.
    corrects: bool,
    /// Parts of the drift that are computed, and then groups of elements that have moved.
    part: u32,
}

impl Integration {
    /// At the schedule's start, for a drift of this homotopy and at a temperature as [`Sde`] has them.
    ///
    /// # Errors
    /// [`Error::Temperature`].
    pub fn new(solver: Solver, schedule: Schedule, homotopy: Homotopy, temperature: f32) -> Result<Self, Error> {
        sde::check(temperature)?;
        let step = schedule.step(0);
        Ok(Integration {
            solver,
            schedule,
            homotopy,
            temperature,
            step,
            previous_width: None,
            corrects: false,
            part: 0,
        })
    }

    /// Goes on with what [`Solver::integrate`] does: computes up to `most` parts of one drift, or, where the drift is whole, moves up to
    /// `most` times [`GROUP`] elements of `x`. After the last step nothing is left to do, and nothing is done.
    ///
    /// # Errors
    /// [`Error::Arena`] where `buffers` has fewer elements than [`Solver::buffers`] samples, and those of the drift.
    pub fn advance<D: Drift, R: Rng>(
        &mut self,
        most: u32,
        drift: &mut D,
        noise: &mut Noise<R>,
        x: &mut [f32],
        buffers: &mut [f32],
        mut observe: impl FnMut(Step, &[f32]),
    ) -> Result<(), Error> {
        let Some(step) = self.step else { return Ok(()) };
        let needed = self.solver.buffers() * x.len();
        let refused = Error::Arena { needed, given: buffers.len() };
        // The second buffer is empty where the solver has one only.
        let (first, second) =
            buffers.get_mut(..needed).and_then(|all| all.split_at_mut_checked(x.len())).ok_or(refused)?;
        // The drift before stays where it is.
        let (velocity, other) =
            if self.alternates() && step.index % 2 == 1 { (second, first) } else { (first, second) };

        let (parts, most) = (drift.parts(), most.max(1));
        if self.part < parts {
            let (time, found) = if self.corrects { (step.end, other) } else { (step.start, velocity) };
            let end = parts.min(self.part.saturating_add(most));
            drift.compute(self.part..end, x, time, found)?;
            self.part = end;
            return Ok(());
        }
        let first = (self.part - parts) as usize * GROUP;
        if first == 0 && !self.corrects {
            observe(step, velocity);
        }
        let end = x.len().min(first.saturating_add((most as usize).saturating_mul(GROUP)));
        let [moved, of_velocity, of_other] =
            [&mut *x, velocity, other].map(|all| all.get_mut(first..end).unwrap_or_default());
        let sde = Sde { drift, homotopy: self.homotopy, temperature: self.temperature };
        self.take(step, sde, noise, first, moved, [of_velocity, of_other]);
        if end < x.len() {
            self.part = self.part.saturating_add(most);
            return Ok(());
        }
        self.part = 0;
        self.corrects = self.solver == Solver::Heun && !self.corrects && !step.last;
        if !self.corrects {
            self.previous_width = Some(step.end - step.start);
            self.step = self.schedule.step(step.index + 1);
        }
        Ok(())
    }

    /// How far it is, in calls of [`Integration::advance`] by one part each, with a drift of so many parts and samples of so many
    /// elements.
    pub fn progress(&self, parts: u32, elements: usize) -> Progress {
        let Some(step) = self.step else { return Progress::Done };
        let calls = parts + groups(elements);
        let evaluations =
            self.solver.evaluations(step.index) + u32::from(self.solver == Solver::Heun && step.index > 0);
        let done = (evaluations + u32::from(self.corrects)) * calls + self.part;
        Progress::Working { done, all: self.solver.evaluations(self.schedule.count()) * calls }
    }

    /// Whether there is nothing left to do.
    pub fn is_done(&self) -> bool {
        self.step.is_none()
    }

    /// Moves some elements of x over a step, from the element `first` on, by the drift at its start, which becomes what the next step
    /// needs, or corrects them by the drift at its end.
    fn take<D: Drift, R: Rng>(
        &self,
        step: Step,
        sde: Sde<'_, D>,
        noise: &mut Noise<R>,
        first: usize,
        x: &mut [f32],
        [velocity, other]: [&mut [f32]; 2],
    ) {
        let width = step.end - step.start;
        if self.corrects {
            sde.temper(x, step.end, other);
            heun::correct(sde.drift, first, x, velocity, other, width);
            return;
        }
        sde.drift.carry(first, x, velocity, step);
        let fresh = if self.solver == Solver::Etd2 {
            let factors = etd2::Factors::new(sde.homotopy, sde.temperature, step, self.previous_width);
            factors.advance(sde.drift, first, x, velocity, other);
            factors.fresh
        } else {
            sde.temper(x, step.start, velocity);
            match (self.solver, self.previous_width) {
                (Solver::Ab2, Some(previous_width)) => {
                    ab2::advance(sde.drift, first, x, [velocity, other], [width, previous_width]);
                }
                _ => euler::advance(sde.drift, first, x, velocity, width),
            }
            if step.last { 0.0 } else { sde.fresh(step.start, width) }
        };
        diffuse(sde.drift, first, x, fresh, noise);
    }

    /// Whether the solver reads the drift of the step before, so that each step has the other buffer.
    fn alternates(&self) -> bool {
        matches!(self.solver, Solver::Ab2 | Solver::Etd2)
    }
}

/// Groups of so many elements.
pub(crate) fn groups(elements: usize) -> u32 {
    elements.div_ceil(GROUP) as u32
}
