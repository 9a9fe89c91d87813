//! Pairs are made on a thread of their own, ahead of training.

use super::pair::{Pair, other_ends};
use crate::potential::Potential;
use crate::training::TrainingError;
use dfdx::prelude::Cpu;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Pairs of a job, at most.
pub(super) const PAIRS: u64 = 16;

/// Pairs that follow one another, from the number `first` on.
pub(super) struct Job {
    pub(super) first: u64,
    pub(super) pairs: Vec<Pair>,
}

/// A thread that makes pairs. It ends with its maker.
pub(super) struct Maker {
    /// Pairs that were asked for, and those that were there before.
    asked: u64,
    jobs: Sender<Job>,
    made: Receiver<Result<Vec<f32>, TrainingError>>,
}

impl Maker {
    /// That of a teacher of samples with so many values. `asked` pairs are there already.
    pub(super) fn start(teacher: Arc<Potential<f32, Cpu>>, size: usize, asked: u64) -> Self {
        let ((jobs, to_do), (done, made)) = (channel(), channel());
        thread::spawn(move || work(&teacher, size, &to_do, &done));
        Maker { asked, jobs, made }
    }

    /// Pairs that are there or will be.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// Has pairs made, which follow the last ones.
    pub(super) fn ask(&mut self, job: Job) {
        debug_assert_eq!(job.first, self.asked);
        self.asked += job.pairs.len() as u64;
        // Where the thread has ended, what it last sent says why.
        let _ = self.jobs.send(job);
    }

    /// The other ends of the next job's pairs, (N, d).
    ///
    /// # Errors
    /// [`TrainingError::Reflow`] where the teacher's drift is not finite.
    pub(super) fn made(&self) -> Result<Vec<f32>, TrainingError> {
        self.made.recv().unwrap_or_else(|_| Err(refused("the thread that makes pairs has ended")))
    }
}

fn refused(cause: impl ToString) -> TrainingError {
    TrainingError::Reflow { cause: cause.to_string() }
}

/// Makes pairs until nobody asks for more, or one cannot be made.
fn work(
    teacher: &Potential<f32, Cpu>,
    size: usize,
    jobs: &Receiver<Job>,
    made: &Sender<Result<Vec<f32>, TrainingError>>,
) {
    for Job { first, pairs } in jobs {
        let finite = |ends: Vec<f32>| match ends.chunks(size).position(|end| !end.iter().all(|value| value.is_finite()))
        {
            None => Ok(ends),
            Some(place) => {
                let number = first + place as u64;
                Err(refused(format!("pair {number} of the teacher is not finite: the teacher diverged")))
            }
        };
        let ends = other_ends(&pairs, teacher, size).map_err(refused).and_then(finite);
        let failed = ends.is_err();
        // Nobody waits for it where training has stopped.
        if made.send(ends).is_err() || failed {
            return;
        }
    }
}
