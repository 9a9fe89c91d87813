//! One sample, computed in the memory that a board lends.

use crate::board::Refusal;
use crate::clock::{Clock, Stopwatch};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use vapo_format::Model;
use vapo_request::{ENERGY_TIME, Request};
use vapo_sampler::{Noise, Plan, Sampler};

/// What is told the time and the drift of each step when the drift is known, and nothing at the end. The stopwatch started at
/// the beginning, and never stops by itself.
pub(crate) type Observe<'o> = &'o mut dyn FnMut(&mut Stopwatch, Option<(f32, &[f32])>);

/// What is said of a sample.
pub(crate) struct Judged {
    pub(crate) energy: f32,
    /// Whether it is an anomaly; none where the model has no threshold. Samples that are only shown are not judged.
    #[cfg_attr(not(feature = "semihosting"), allow(dead_code))]
    pub(crate) anomalous: Option<bool>,
    /// The class by its energies; none where the model has no classifier.
    #[cfg_attr(not(feature = "semihosting"), allow(dead_code))]
    pub(crate) class: Option<u16>,
}

/// Computes the sample of a request in `memory`. Nothing of it is generic, so that an image holds it once.
pub(crate) fn sample<'a>(
    (model, plan): (&Model<'_>, &Plan),
    request: Request,
    memory: &'a mut [f32],
    clock: Clock,
    observe: Observe<'_>,
) -> Result<(&'a [f32], Judged), Refusal> {
    const ARENA: Refusal = "the image was built for another model or solver: build it again";
    let (image, arena) = memory.split_at_mut_checked(model.signal().elements()).ok_or(ARENA)?;
    let mut sampler = Sampler::new(model, plan, request.solver, arena).map_err(|_| ARENA)?;
    sampler.set_condition(request.condition).map_err(|_| "the model has no such class")?;
    let schedule = request.schedule().map_err(|_| "a schedule has at least 1 step and an exponent near 1")?;
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(request.seed));

    // Sampling is restoring an image of which nothing is known, so that one integration serves both.
    let shape = model.signal();
    let known = request.known_values(shape);
    noise.fill(image);
    let mut watch = clock.stopwatch();
    sampler
        .integrate_known(schedule, request.temperature, &mut noise, known, image, |step, drift| {
            observe(&mut watch, Some((step.start, drift)));
        })
        .map_err(|_| "a temperature is at least 0")?;
    observe(&mut watch, None);
    let of_class = sampler.potential().set_class(request.condition.class);
    of_class.map_err(|_| "the model has no such class")?;
    let energy = sampler.potential().energy(image, ENERGY_TIME).ok().flatten().unwrap_or(f32::NAN);
    let anomalous = sampler.verdict(image).ok().flatten().map(|verdict| verdict.anomalous);
    let class = sampler.classify(image).ok().flatten().map(|found| found.class);
    Ok((image, Judged { energy, anomalous, class }))
}
