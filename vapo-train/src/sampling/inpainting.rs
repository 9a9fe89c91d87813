//! Restores what is missing of images, through `vapo-sampler`, the very code of the device.

use crate::arithmetic::random::generator;
use crate::sampling::{Prepared, SamplingError, Settings, finite};
use rayon::prelude::*;
use vapo_format::Model;
use vapo_sampler::Noise;

/// `settings.count` restorations (N, H, W, C) of `image`, of which the elements are missing where `missing` says so, on
/// the threads of the current pool. Restoration i is drawn from a generator of seed `settings.seed` + i, as a device given
/// that seed draws it: the same bytes on any number of threads.
///
/// # Errors
/// An image or a mask of another extent than the model's, or those of [`crate::sampling::sample`].
pub fn inpaint(
    model: &Model<'_>,
    image: &[f32],
    missing: &[bool],
    settings: &Settings,
) -> Result<Vec<f32>, SamplingError> {
    let elements = model.signal().elements();
    for found in [image.len(), missing.len()] {
        if found != elements {
            return Err(vapo_sampler::Error::Length { expected: elements, found }.into());
        }
    }
    let prepared = Prepared::new(model)?;
    let known = |index: usize| if missing[index] { None } else { Some(image[index]) };
    let mut restored = vec![0.0; settings.count * elements];
    restored.par_chunks_mut(elements).enumerate().try_for_each_init(
        || prepared.arena(settings.solver),
        |arena, (index, image)| {
            let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
            let mut sampler = prepared.sampler(settings.solver, arena)?;
            sampler.set_condition(settings.asked.condition(index))?;
            sampler.inpaint(settings.schedule, settings.temperature, &mut noise, known, image)
        },
    )?;
    finite(restored, elements)
}
