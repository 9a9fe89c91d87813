//! Reflow: a potential begins as another one, its teacher, and learns straight ways between the ends of that one's ways.
//!
//! Ways of independent noise and images cross, so that a potential learns their average, and its own ways are bent: it takes many
//! evaluations to follow them. Its ways do not cross. Learned anew from their two ends alone, they become straighter, and few
//! evaluations follow them.
//!
//! A pair begins with noise, and its image is the teacher's sample; or it begins with an image of the data, and its noise is where the
//! teacher's way comes from. Without the latter, each reflow would learn from the errors of the one before.
//!
//! | module | concept |
//! |---|---|
//! | `pair` | **what a pair is, and how the teacher makes one: read this first** |
//! | `maker` | pairs are made on a thread of their own, ahead of training |
//! | `file` | pairs are kept on disk, and used again |
//!
//! Sources: Liu et al., *Flow straight and fast*, 2023, arXiv:2209.03003, section 2.1; for a potential: Liu, *Rectified flow: a marginal
//! preserving approach to optimal transport*, 2022, arXiv:2209.14577; pairs that begin with data: Kim et al., *Simple ReFlow*, 2024,
//! arXiv:2410.07815, section 3.

mod file;
mod maker;
mod pair;
#[cfg(test)]
mod tests;

use super::TrainingError;
use crate::arithmetic::random::generator;
use crate::dataset::Dataset;
use crate::path::{Batch, Draws};
use crate::potential::Potential;
use crate::run::config::Config;
use crate::run::reflow::Reflow;
use dfdx::prelude::Cpu;
use file::PairFile;
use maker::{Job, Maker};
use pair::{Pair, noise_of, other_ends};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use vapo_format::Homotopy;

/// Makes which pairs a step draws unrelated to all else that its seed is for.
const STREAM: u64 = 0x7265_666c_6f77_2121;
/// Pairs that there are before the first step.
const FIRST: u64 = 512;
/// With each step there are more pairs: this part of a batch, one in so many.
const NEW: usize = 8;
/// Pairs of a file that are made once more when a run goes on, to see whether they are its own.
const LOOKED_AT: u64 = 8;
/// Steps that the teacher works ahead of training.
const AHEAD: u64 = 8;

/// The pairs of a run.
pub(super) struct Pairs<'a> {
    config: &'a Config,
    settings: &'a Reflow,
    dataset: &'a Dataset,
    teacher: Arc<Potential<f32, Cpu>>,
    /// Where they are kept; nowhere for long if none.
    path: Option<PathBuf>,
    /// The file and who fills it, from the first step on.
    open: Option<(PairFile, Maker)>,
}

impl<'a> Pairs<'a> {
    /// Those of a run with these settings, and of a teacher of the same network.
    ///
    /// # Errors
    /// [`TrainingError::Reflow`] for what cannot be.
    pub(super) fn new(
        config: &'a Config,
        settings: &'a Reflow,
        dataset: &'a Dataset,
        teacher: &[f32],
    ) -> Result<Self, TrainingError> {
        let refuse = |cause: &str| Err(TrainingError::Reflow { cause: cause.to_owned() });
        if config.architecture.homotopy != Homotopy::Linear {
            return refuse(
                "the teacher is of --homotopy bayes, whose ways are bent by design: train one of the linear path",
            );
        }
        if config.draws != Draws::Independent {
            return refuse(
                "samples of --draws antithetic share an image, and a pair has its own: give --draws independent",
            );
        }
        let teacher = Arc::new(Potential::new(&config.architecture, teacher, &Cpu::default()));
        Ok(Pairs { config, settings, dataset, teacher, path: None, open: None })
    }

    /// Keeps the pairs in a file. Those that it holds were made by an earlier part of the same run.
    pub(super) fn keep_in(&mut self, path: PathBuf) {
        self.path = Some(path);
    }

    /// Pairs that a step draws from: they become more with every step, and there is a bound.
    fn available(&self, step: u64) -> u64 {
        let new = self.config.batch.div_ceil(NEW) as u64;
        FIRST.saturating_add(step.saturating_mul(new)).min(self.settings.pairs)
    }

    /// The pairs of a step: images, noise and classes, with times of `times`. It depends on nothing but the run's settings and the
    /// step, however far the teacher is: where it is behind, this waits.
    ///
    /// # Errors
    /// [`TrainingError::Pairs`] where the file fails, [`TrainingError::Reflow`] where the teacher's drift is not finite.
    pub(super) fn batch(&mut self, step: u64, times: Vec<f32>) -> Result<Batch, TrainingError> {
        let (available, ahead) = (self.available(step), self.available(step.saturating_add(AHEAD)));
        let (mut file, mut maker) = match self.open.take() {
            Some(open) => open,
            None => {
                let size = self.dataset.shape().elements();
                let mut file = PairFile::open(self.path.as_deref(), size)?;
                if !self.are_its_own(&mut file, size)? {
                    file.clear()?;
                }
                let maker = Maker::start(Arc::clone(&self.teacher), size, file.count());
                (file, maker)
            }
        };
        while maker.asked() < ahead {
            let first = maker.asked();
            let pairs = first..ahead.min(first + maker::PAIRS);
            maker.ask(Job { first, pairs: pairs.map(|number| self.pair(number)).collect() });
        }
        while file.count() < available {
            file.append(&maker.made()?)?;
        }
        let seed = SplitMix64::seed_from_u64(self.config.seed ^ STREAM).next_u64().wrapping_add(step);
        let mut generator = generator(seed);
        let (mut data, mut noise, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.config.batch {
            // The top half of a product picks a pair: its bias is below pairs/2⁶⁴.
            let number = ((u128::from(generator.next_u64()) * u128::from(available)) >> 64) as u64;
            let pair = self.pair(number);
            let made = file.read(number)?;
            match pair.image {
                Some(image) => (data.extend(image), noise.extend(made)),
                None => (data.extend(made), noise.extend(noise_of(pair.seed, self.dataset.shape().elements()))),
            };
            classes.push(pair.class);
        }
        if self.config.architecture.classes == 0 {
            classes.clear();
        }
        self.open = Some((file, maker));
        Ok(Batch { data, noise, times, classes })
    }

    /// Whether a file's pairs are those of this run: of another one, or of a disk that failed, they are made anew. A few are looked at,
    /// spread over all.
    ///
    /// # Errors
    /// As [`Pairs::batch`].
    fn are_its_own(&self, file: &mut PairFile, size: usize) -> Result<bool, TrainingError> {
        let Some(last) = file.count().checked_sub(1) else { return Ok(true) };
        let numbers: BTreeSet<u64> = (0..LOOKED_AT).map(|at| at * last / (LOOKED_AT - 1)).collect();
        let pairs: Vec<Pair> = numbers.iter().map(|&number| self.pair(number)).collect();
        let refused = |cause: vapo_sampler::Error| TrainingError::Reflow { cause: cause.to_string() };
        let made = other_ends(&pairs, &self.teacher, size).map_err(refused)?;
        for (number, end) in numbers.into_iter().zip(made.chunks_exact(size)) {
            if !file.holds(number, end)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A pair before the teacher has made it.
    fn pair(&self, number: u64) -> Pair {
        Pair::new(number, self.config, self.settings, self.dataset)
    }
}
