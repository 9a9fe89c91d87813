//! The steps of a solver: the times at which it stops, and how far it extrapolates in each step.
//!
//! # Example
//!
//! ```
//! use vapo_sampler::Schedule;
//! use vapo_sampler::schedule::Step;
//!
//! // Longer steps near the data.
//! let schedule = Schedule::graded(4, 0.5)?;
//! let ends: Vec<f32> = schedule.steps().map(|Step { end, .. }| end).collect();
//! assert_eq!(ends.len(), 4);
//! assert!(ends[0] < 0.25 && ends[3] == 1.0);
//! let usual = Schedule::graded(4, Schedule::EXPONENT)?.extrapolating(Schedule::EXTRAPOLATION)?;
//! assert_eq!(Schedule::usual(4)?, usual);
//!
//! // Equal ones, the second half of the way alone, extrapolated as far as the second order asks for.
//! let late = Schedule::uniform(2)?.starting_at(0.5)?.extrapolating(1.0)?;
//! assert_eq!(late.steps().map(|step| step.start).collect::<Vec<_>>(), [0.5, 0.75]);
//! # Ok::<(), vapo_sampler::ScheduleError>(())
//! ```

use crate::error::ScheduleError;

/// Times from a start (by default 0) to exactly 1, strictly increasing: t = 1 − (1 − s)^exponent for uniform s, moved to the
/// start.
///
/// An exponent below 1 makes steps longer towards the data, one above 1 shorter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Schedule {
    steps: u16,
    exponent: f32,
    start: f32,
    extrapolation: f32,
}

/// One step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Step {
    /// Its number, from 0.
    pub index: u16,
    /// Time before it.
    pub start: f32,
    /// Time after it, greater than `start`.
    pub end: f32,
    /// Whether the schedule ends with it.
    pub last: bool,
    /// How far the predicted image is extrapolated in it, see [`Schedule::extrapolating`].
    pub extrapolation: f32,
}

impl Schedule {
    /// The usual exponent. It makes steps longer towards the data, which draws the best images: there the predicted image
    /// hardly moves, and the model's own errors weigh most.
    pub const EXPONENT: f32 = 0.5;

    /// The usual extrapolation of the solver [`crate::Solver::Etd2`]. Images of a small network are blurred, and change too little from
    /// step to step. A quarter more of that change makes up for some of it.
    pub const EXTRAPOLATION: f32 = 1.25;

    /// `steps` steps of the same width.
    ///
    /// # Errors
    /// [`ScheduleError::Steps`] for 0 steps.
    pub fn uniform(steps: u16) -> Result<Self, ScheduleError> {
        Self::graded(steps, 1.0)
    }

    /// `steps` steps on the grid t = 1 − (1 − s)^exponent.
    ///
    /// # Errors
    /// [`ScheduleError::Steps`] for 0 steps, [`ScheduleError::Exponent`] for an exponent that is not positive or so
    /// far from 1 that a step has no width in f32.
    pub fn graded(steps: u16, exponent: f32) -> Result<Self, ScheduleError> {
        if steps == 0 {
            return Err(ScheduleError::Steps);
        }
        let schedule = Schedule { steps, exponent, start: 0.0, extrapolation: 1.0 };
        if !(exponent.is_finite() && exponent > 0.0 && schedule.is_increasing()) {
            return Err(ScheduleError::Exponent { found: exponent });
        }
        Ok(schedule)
    }

    /// `steps` steps with the usual exponent and extrapolation.
    ///
    /// # Errors
    /// [`ScheduleError::Steps`] for 0 steps.
    pub fn usual(steps: u16) -> Result<Self, ScheduleError> {
        Self::graded(steps, Self::EXPONENT)?.extrapolating(Self::EXTRAPOLATION)
    }

    /// The same number of steps from a later start, for restoration.
    ///
    /// # Errors
    /// [`ScheduleError::Start`] for a start that is not in [0, 1) or so late that a step has no width in f32.
    pub fn starting_at(self, start: f32) -> Result<Self, ScheduleError> {
        let schedule = Schedule { start, ..self };
        if start >= 0.0 && schedule.is_increasing() { Ok(schedule) } else { Err(ScheduleError::Start { found: start }) }
    }

    /// The same times, with the extrapolation of the predicted image multiplied by a factor. A new schedule has the factor 1,
    /// which is the second order in the steps' width. At 0 nothing is extrapolated. Above 1 samples are sharper than the flow's
    /// own. Only [`crate::Solver::Etd2`] extrapolates.
    ///
    /// # Errors
    /// [`ScheduleError::Extrapolation`] for one that is negative, infinite or not a number.
    pub fn extrapolating(self, extrapolation: f32) -> Result<Self, ScheduleError> {
        let found = extrapolation;
        let valid = found.is_finite() && found >= 0.0;
        if valid { Ok(Schedule { extrapolation, ..self }) } else { Err(ScheduleError::Extrapolation { found }) }
    }

    /// Whether every step has a width. Each is looked at: any two times may round to the same number, not the first or
    /// the last two alone.
    fn is_increasing(&self) -> bool {
        let mut before = self.start;
        (1..=self.steps).all(|step| {
            let time = self.time(step);
            let later = time > before;
            before = time;
            later
        })
    }

    /// Every step, in order.
    pub fn steps(self) -> impl ExactSizeIterator<Item = Step> {
        (0..self.steps).map(move |index| self.at(index))
    }

    /// The step of a number; none where the schedule has no such step.
    pub(crate) fn step(self, index: u16) -> Option<Step> {
        (index < self.steps).then(|| self.at(index))
    }

    /// How many steps there are.
    pub(crate) fn count(self) -> u16 {
        self.steps
    }

    #[inline(never)] // several callers, and one copy takes less flash
    fn at(self, index: u16) -> Step {
        Step {
            index,
            start: self.time(index),
            end: self.time(index + 1),
            last: index + 1 == self.steps,
            extrapolation: self.extrapolation,
        }
    }

    /// Time after `step` steps.
    fn time(&self, step: u16) -> f32 {
        if step == 0 {
            return self.start;
        }
        if step >= self.steps {
            return 1.0;
        }
        let s = f32::from(step) / f32::from(self.steps);
        let graded = if self.exponent == 1.0 { s } else { 1.0 - libm::powf(1.0 - s, self.exponent) };
        self.start + (1.0 - self.start) * graded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn times(schedule: Schedule) -> Vec<f32> {
        schedule.steps().map(|step| step.start).chain(schedule.steps().last().map(|step| step.end)).collect()
    }

    #[test]
    fn uniform_times_are_exact() {
        assert_eq!(times(Schedule::uniform(4).unwrap()), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(times(Schedule::uniform(1).unwrap()), [0.0, 1.0]);
    }

    #[test]
    fn graded_times_follow_the_formula() {
        let times = times(Schedule::graded(10, 0.8).unwrap());
        for (step, time) in times.iter().enumerate() {
            let expected = 1.0 - libm::pow(1.0 - step as f64 / 10.0, 0.8);
            assert!((f64::from(*time) - expected).abs() < 2e-7, "step {step}: {time} is not {expected}");
        }
    }

    #[test]
    fn every_schedule_runs_from_its_start_to_1_in_steps_of_some_width() {
        for exponent in [0.25, 0.7, 1.0, 1.5, 2.0] {
            for steps in [1, 2, 3, 10, 50, 1000] {
                for start in [0.0, 0.4] {
                    let schedule = Schedule::graded(steps, exponent).unwrap().starting_at(start).unwrap();
                    let times = times(schedule);
                    assert_eq!(times.len(), usize::from(steps) + 1);
                    assert_eq!((times[0], times[usize::from(steps)]), (start, 1.0));
                    assert!(times.is_sorted_by(|a, b| a < b), "{schedule:?}");
                    assert_eq!(schedule.steps().filter(|step| step.last).count(), 1);
                    assert_eq!(schedule.steps().len(), usize::from(steps));
                }
            }
        }
        let longest = times(Schedule::uniform(u16::MAX).unwrap());
        assert!(longest.is_sorted_by(|a, b| a < b));
    }

    /// Times of a schedule by the formula, whether or not it is refused.
    fn rounded(steps: u16, exponent: f32, start: f32) -> Vec<f32> {
        let schedule = Schedule { steps, exponent, start, extrapolation: 1.0 };
        (0..=steps).map(|step| schedule.time(step)).collect()
    }

    /// The first and the last step have a width in each of these, and one between them has none.
    #[test]
    fn a_step_without_width_is_refused_wherever_it_is() {
        for (steps, exponent, start) in [(1000, 4e-5, 0.0), (1000, 1.0, 0.999_95), (200, 0.5, 0.999_985)] {
            let times = rounded(steps, exponent, start);
            assert!(times[0] < times[1] && times[usize::from(steps) - 1] < 1.0);
            assert!(times.windows(2).any(|pair| pair[0] == pair[1]), "{steps} {exponent} {start}");
            let refused = match start {
                0.0 => (Schedule::graded(steps, exponent), Err(ScheduleError::Exponent { found: exponent })),
                _ => {
                    let schedule = Schedule::graded(steps, exponent).unwrap().starting_at(start);
                    (schedule, Err(ScheduleError::Start { found: start }))
                }
            };
            assert_eq!(refused.0, refused.1);
        }
    }

    proptest::proptest! {
        /// What is accepted has steps of some width, and nothing else is refused.
        #[test]
        fn a_schedule_is_taken_where_all_its_steps_have_a_width(
            steps in 1..2000_u16, digits in -8.0..2.0_f32, left in -8.0..0.0_f32
        ) {
            let (exponent, start) = (libm::exp10f(digits), 1.0 - libm::exp10f(left));
            let increasing = |start| rounded(steps, exponent, start).is_sorted_by(|a, b| a < b);
            let schedule = Schedule::graded(steps, exponent);
            proptest::prop_assert_eq!(schedule.is_ok(), increasing(0.0));
            if let Ok(schedule) = schedule {
                proptest::prop_assert_eq!(schedule.starting_at(start).is_ok(), start < 1.0 && increasing(start));
                let later = schedule.starting_at(start).unwrap_or(schedule);
                proptest::prop_assert!(later.steps().all(|step| step.start < step.end));
            }
        }
    }

    #[test]
    fn refuses_what_has_no_steps() {
        assert_eq!(Schedule::uniform(0), Err(ScheduleError::Steps));
        for found in [0.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, 1e-9, 30.0] {
            assert_eq!(Schedule::graded(10, found), Err(ScheduleError::Exponent { found }));
        }
        assert!(matches!(Schedule::graded(10, f32::NAN), Err(ScheduleError::Exponent { .. })));
        for found in [-0.1, 1.0, 1.5, 1.0 - 1e-7] {
            assert_eq!(Schedule::uniform(10).unwrap().starting_at(found), Err(ScheduleError::Start { found }));
        }
        assert!(matches!(Schedule::uniform(1).unwrap().starting_at(f32::NAN), Err(ScheduleError::Start { .. })));
        let extrapolating = |factor| Schedule::uniform(3).unwrap().extrapolating(factor);
        for found in [-0.1, f32::INFINITY] {
            assert_eq!(extrapolating(found), Err(ScheduleError::Extrapolation { found }));
        }
        assert!(matches!(extrapolating(f32::NAN), Err(ScheduleError::Extrapolation { .. })));
        assert!(extrapolating(0.0).unwrap().steps().all(|step| step.extrapolation == 0.0));
    }
}
