//! Verdicts on a series: readings in, verdicts out.
//!
//! | module | concept |
//! |---|---|
//! | `answer` | a line a verdict for a host that compares every bit |
//! | `show` | the same for people |
//! | `recorded` | readings that lie in flash |

#[cfg(feature = "semihosting")]
pub(crate) mod answer;
pub(crate) mod recorded;
mod show;

use crate::board::{Board, Refusal, parse};
use crate::output::Output;
use crate::print::Print;
use vapo_request::Watch;
use vapo_sampler::anomaly::Verdict;
use vapo_sampler::{Explanation, Monitor, ThresholdLearner};

/// Sets a reading to the next of a series; false where there is none.
pub(crate) type Next<'n> = &'n mut dyn FnMut(&mut [f32]) -> bool;

/// What is told a board's output and each window that was judged.
pub(crate) type Judge<'j, O> = &'j mut dyn FnMut(&mut Print<'_, O>, Judged);

/// A window that was judged.
pub(crate) struct Judged {
    /// Number of its last reading, from 0.
    pub(crate) reading: u32,
    pub(crate) verdict: Verdict,
    /// Whether it is one of those that the threshold is learned from.
    pub(crate) learned: bool,
    /// Above which energy a window is an anomaly, from now on; none while it is learned, and where there is none.
    pub(crate) threshold: Option<f32>,
    /// Of an anomaly, where it was asked for.
    pub(crate) explanation: Option<Explanation>,
    /// Nanoseconds of the energy.
    pub(crate) nanoseconds: u64,
}

impl<O: Output> Board<'_, O> {
    /// Watches a series to its end, in the memory that the board lends, and returns the number of gaps.
    ///
    /// # Errors
    /// Why it cannot be watched. Where there is too little room to learn, a line before that says how much is needed.
    #[inline(never)] // what reads the request is no longer on the stack
    pub(crate) fn judge(&mut self, watch: &Watch<'_>, next: Next<'_>, judge: Judge<'_, O>) -> Result<u32, Refusal> {
        const MEMORY: Refusal = "the image was built for another model or program: build it again";
        let model = parse(self.model, self.structure)?;
        let (plan, clock) = (self.plan, self.clock);
        let mut print = Print(&mut self.output);
        let corrected = if cfg!(feature = "explain") { model.signal().elements() } else { 0 };
        let (reading, rest) = self.memory.split_at_mut_checked(model.signal().channels.into()).ok_or(MEMORY)?;
        let (correction, rest) = rest.split_at_mut_checked(corrected).ok_or(MEMORY)?;
        // What is left is for learning.
        let (memory, largest) = rest.split_at_mut_checked(plan.monitor_elements()).ok_or(MEMORY)?;
        let mut monitor = Monitor::new(&model, plan, watch.stride, memory).map_err(|_| MEMORY)?;
        let (needed, given) = (ThresholdLearner::room(watch.rate, watch.learn), largest.len());
        if needed > given {
            print.text("learning takes ").number(needed as u64).text(" elements, the image has ");
            print.number(given as u64).text("\n");
            return Err("expected a lower learn= or rate=");
        }
        let mut learner = ThresholdLearner::new(watch.rate, largest).map_err(|_| MEMORY)?;
        if watch.learn > 0 {
            monitor.set_threshold(None);
        }

        let mut count = 0u32;
        while next(reading) {
            let stopwatch = clock.stopwatch();
            let verdict = monitor.push(reading).map_err(|_| MEMORY)?;
            let nanoseconds = stopwatch.nanoseconds();
            if let Some(verdict) = verdict {
                let learned = learner.count() < watch.learn;
                if learned {
                    learner.push(verdict.energy).map_err(|_| MEMORY)?;
                    if learner.count() == watch.learn {
                        monitor.set_threshold(learner.threshold());
                    }
                }
                let explained = cfg!(feature = "explain") && watch.explain && verdict.anomalous && !learned;
                let explanation = if explained { monitor.explain(correction).map_err(|_| MEMORY)? } else { None };
                let threshold = monitor.threshold();
                judge(&mut print, Judged { reading: count, verdict, learned, threshold, explanation, nanoseconds });
            }
            count = count.saturating_add(1);
        }
        Ok(monitor.gaps())
    }
}
