//! Samples of the weighted sum of two models, through `vapo-sampler`.

use crate::arithmetic::random::generator;
use crate::sampling::{Prepared, SamplingError, Settings, finite};
use rayon::prelude::*;
use vapo_format::Model;
use vapo_sampler::solver::Sde;
use vapo_sampler::{Composition, Error, Noise};

/// `settings.count` images (N, H, W, C) of the sum of two potentials, each times its weight, on the threads of the current
/// pool. Image i is drawn from a generator of seed `settings.seed` + i: the same bytes on any number of threads.
/// `told` is called after every image, from the thread that drew it.
///
/// # Errors
/// Models of different images or homotopies, a weight that is not finite, or those of [`crate::sampling::sample`].
pub fn compose(
    models: [&Model<'_>; 2],
    weights: [f32; 2],
    settings: &Settings,
    told: impl Fn() + Sync,
) -> Result<Vec<f32>, SamplingError> {
    let [first, second] = models;
    let (prepared, elements) = ([Prepared::new(first)?, Prepared::new(second)?], first.signal().elements());
    let mut images = vec![0.0; settings.count * elements];
    images.par_chunks_mut(elements).enumerate().try_for_each_init(
        || {
            let memory = prepared.iter().map(|prepared| prepared.plan().elements()).sum::<usize>() + elements;
            (vec![0.0; memory], vec![0.0; settings.solver.buffers() * elements])
        },
        |(memory, buffers), (index, image)| {
            let mut sum = Composition::new(models, prepared.each_ref().map(Prepared::plan), weights, memory)?;
            let homotopy = sum.homotopy();
            let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
            noise.fill(image);
            let sde = Sde { drift: &mut sum, homotopy, temperature: settings.temperature };
            settings.solver.integrate(sde, settings.schedule, &mut noise, image, buffers, |_, _| ())?;
            told();
            Ok::<(), Error>(())
        },
    )?;
    finite(images, elements)
}
