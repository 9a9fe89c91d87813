//! Batches of images and noise that belong together: of pools, assigned on a thread of its own, one pool ahead of training.
//!
//! A pool depends on nothing but the run's settings and its number: a resumed run goes on with the same.

use super::TrainingError;
use super::images::{self, indices};
use super::noise::gaussian_noise;
use crate::dataset::{Batches, Dataset};
use crate::path::coupling::assign;
use crate::run::config::Config;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro128PlusPlus};
use rayon::ThreadPool;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Makes the noise of a run that couples unrelated to all else that its seed is for.
const STREAM: u64 = 0x636f_7570_6c69_6e67;

/// The images of a pool and their noise, (P, d) each.
struct Pool {
    number: u64,
    images: Vec<f32>,
    noise: Vec<f32>,
}

/// Couples the images of a run.
pub(super) struct Coupler {
    /// Batches of a pool.
    batches: u64,
    now: Option<Pool>,
    /// The pool after it, while it is assigned.
    next: Option<(u64, Receiver<Pool>)>,
}

impl Coupler {
    /// That of pools of so many images.
    ///
    /// # Errors
    /// [`TrainingError::Pool`] where a pool is not made of whole batches.
    pub(super) fn new(pool: usize, batch: usize) -> Result<Self, TrainingError> {
        if pool == 0 || !pool.is_multiple_of(batch) {
            return Err(TrainingError::Pool { pool, batch });
        }
        Ok(Coupler { batches: (pool / batch) as u64, now: None, next: None })
    }

    /// The images of a step and their noise, (B, d) each.
    pub(super) fn batch(
        &mut self,
        step: u64,
        config: &Config,
        dataset: &Dataset,
        batches: &mut Batches,
        threads: &ThreadPool,
    ) -> (Vec<f32>, Vec<f32>) {
        let number = step / self.batches;
        if self.now.as_ref().is_none_or(|pool| pool.number != number) {
            let mut begin = |number| {
                let (pool, groups) = draw(number, self.batches, config, dataset, batches, threads);
                begin(pool, groups, dataset.shape().elements())
            };
            let ready = self.next.take().filter(|(next, _)| *next == number).map(|(_, pool)| pool);
            let ready = ready.unwrap_or_else(|| begin(number));
            self.next = Some((number + 1, begin(number + 1)));
            self.now = ready.recv().ok();
        }
        let Some(pool) = &self.now else { unreachable!("its thread ends by sending it") };
        let length = pool.images.len() / self.batches as usize;
        let place = (step % self.batches) as usize * length;
        (pool.images[place..place + length].to_vec(), pool.noise[place..place + length].to_vec())
    }
}

/// The images of a pool with any noise, and the groups that keep theirs: classes, where the potential knows them.
fn draw(
    number: u64,
    steps: u64,
    config: &Config,
    dataset: &Dataset,
    batches: &mut Batches,
    threads: &ThreadPool,
) -> (Pool, Vec<u8>) {
    let (mut images, mut groups) = (Vec::new(), Vec::new());
    for step in number * steps..(number + 1) * steps {
        let indices = indices(batches, step);
        images.extend(images::images(config, dataset, step, &indices));
        if let Some(labels) = dataset.labels().filter(|_| config.architecture.classes > 0) {
            groups.extend(indices.iter().map(|&index| labels[index]));
        }
    }
    let seed = SplitMix64::seed_from_u64(config.seed ^ STREAM).next_u64().wrapping_add(number);
    let mut generator = Xoshiro128PlusPlus::seed_from_u64(seed);
    let noise = threads.install(|| gaussian_noise(&mut images, config.data_noise, &mut generator));
    (Pool { number, images, noise }, groups)
}

/// Assigns the noise of a pool to its images on a thread of its own. What comes is the pool, its noise in the order of its images.
fn begin(pool: Pool, groups: Vec<u8>, size: usize) -> Receiver<Pool> {
    let (sender, receiver) = channel();
    let work = move || {
        let assigned = assign(&pool.images, &pool.noise, size, &groups);
        let noise = assigned.iter().flat_map(|&other| &pool.noise[other * size..(other + 1) * size]).copied().collect();
        // Nobody waits for it where training has stopped.
        let _ = sender.send(Pool { noise, ..pool });
    };
    thread::spawn(work);
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Files, Source, Split};
    use crate::path::coupling::Coupling;
    use crate::run::config::Choices;
    use crate::run::preset::Preset;
    use std::num::NonZeroUsize;

    fn batch(coupler: &mut Coupler, step: u64, config: &Config, dataset: &Dataset) -> (Vec<f32>, Vec<f32>) {
        let mut batches = dataset.batches(NonZeroUsize::new(config.batch).unwrap(), config.seed);
        let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        coupler.batch(step, config, dataset, &mut batches, &threads)
    }

    fn distance((images, noise): &(Vec<f32>, Vec<f32>)) -> f32 {
        images.iter().zip(noise).map(|(one, other)| (one - other).powi(2)).sum::<f32>() / images.len() as f32
    }

    #[test]
    fn a_batch_depends_on_its_step_alone_and_its_images_are_those_of_the_run() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let choices = Choices {
            batch: Some(32),
            coupling: Some(Coupling::Ot),
            pool: Some(128),
            data_noise: Some(0.0),
            ..Choices::default()
        };
        let preset = Preset::named("tiny").unwrap();
        let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
        let mut all = Coupler::new(128, 32).unwrap();
        let in_order: Vec<_> = (0..9).map(|step| batch(&mut all, step, &config, &dataset)).collect();
        for step in [7, 3, 8, 0] {
            let alone = batch(&mut Coupler::new(128, 32).unwrap(), step, &config, &dataset);
            assert!(alone == in_order[step as usize], "step {step}");
        }
        let (mut indices, mut data) = (Vec::new(), Vec::new());
        dataset.batches(NonZeroUsize::new(32).unwrap(), 0).indices(6, &mut indices);
        dataset.fill(&indices, &mut data);
        assert_eq!(in_order[6].0, data);
        // Noise of another pool is other noise, and all of it is nearer to its images than any noise is.
        assert!(in_order[0].1 != in_order[4].1);
        let mut another = in_order[0].clone();
        another.1.clone_from(&in_order[4].1);
        assert!(
            distance(&in_order[0]) < 0.97 * distance(&another),
            "{} {}",
            distance(&in_order[0]),
            distance(&another)
        );
    }

    #[test]
    fn pools_are_made_of_whole_batches() {
        for (pool, batch) in [(0, 8), (100, 64), (32, 64)] {
            assert!(matches!(Coupler::new(pool, batch), Err(TrainingError::Pool { .. })), "{pool} {batch}");
        }
        assert!(Coupler::new(64, 64).is_ok());
    }
}
