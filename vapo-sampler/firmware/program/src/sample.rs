//! One sample, computed in the memory that a board lends.

use crate::board::Refusal;
use crate::clock::{Clock, Stopwatch};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use vapo_format::Model;
use vapo_request::{ENERGY_TIME, Request};
use vapo_sampler::{Known, Noise, Plan, Sampler};

/// The energy of a sample.
pub(crate) fn energy(sampler: &mut Sampler<'_>, image: &[f32]) -> f32 {
    sampler.potential().energy(image, ENERGY_TIME).ok().flatten().unwrap_or(f32::NAN)
}

/// Computes a sample in `memory`, whose elements are those that are `known`, and restored where that is none. `observe` is
/// told the time and the drift of each step when the drift is known, and nothing at the end; the stopwatch started at the
/// beginning, and never stops by itself. Beside the sample this is what `judge` says of it.
pub(crate) fn sample<'a, J>(
    (model, plan): (&Model<'_>, &Plan),
    request: Request,
    memory: &'a mut [f32],
    clock: Clock,
    known: impl Fn(usize) -> Option<f32>,
    mut observe: impl FnMut(&mut Stopwatch, Option<(f32, &[f32])>),
    judge: impl FnOnce(&mut Sampler<'_>, &[f32]) -> J,
) -> Result<(&'a [f32], J), Refusal> {
    const ARENA: Refusal = "the image was built for another model or solver: build it again";
    let (image, arena) = memory.split_at_mut_checked(model.signal().elements()).ok_or(ARENA)?;
    let mut sampler = Sampler::new(model, plan, request.solver, arena).map_err(|_| ARENA)?;
    let schedule = request.schedule().map_err(|_| "a schedule has at least 1 step and an exponent near 1")?;
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(request.seed));

    // Sampling is restoring an image of which nothing is known, so that one integration serves both.
    let known = Known::new(&noise, known);
    noise.fill(image);
    let mut watch = clock.stopwatch();
    sampler
        .integrate_known(schedule, request.temperature, &mut noise, &known, image, |step, drift| {
            observe(&mut watch, Some((step.start, drift)));
        })
        .map_err(|_| "a temperature is at least 0")?;
    observe(&mut watch, None);
    let judged = judge(&mut sampler, image);
    Ok((image, judged))
}
