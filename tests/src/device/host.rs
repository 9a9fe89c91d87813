//! The host's side of the comparison.

use super::answer::{Bits, Step};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_format::model::checksum;
use vapo_request::{ENERGY_TIME, Request};
use vapo_sampler::{Noise, PlanFor, Sampler};

/// Samples the model in `file` on this machine.
///
/// # Errors
/// What the format or the sampler refuses, as text.
pub fn on_host(file: &[u8], request: &Request) -> Result<Bits, String> {
    let Request { seed, solver, temperature, known, condition, .. } = *request;
    let model = Model::parse(file).map_err(|error| error.to_string())?;
    let plan = PlanFor::<MAX_NODES>::new(&model).map_err(|error| error.to_string())?;
    let mut memory = vec![0.0; plan.elements_guided(solver)];
    let mut sampler = Sampler::new(&model, &plan, solver, &mut memory).map_err(|error| error.to_string())?;
    sampler.set_condition(condition).map_err(|error| error.to_string())?;
    let schedule = request.schedule().map_err(|error| error.to_string())?;
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed));
    let mut image = vec![0.0; model.signal().elements()];

    let mut bits = Bits::default();
    let shape = model.signal();
    let values = request.known_values(shape);
    noise.fill(&mut image);
    let observe = |step: vapo_sampler::schedule::Step, drift: &[f32]| {
        let drift = checksum(drift.iter().map(|value| value.to_le_bytes()));
        bits.steps.push(Step { time: step.start.to_bits(), drift });
    };
    // The board has one way for both; here sampling is sampling.
    if known == 0 {
        sampler.integrate(schedule, temperature, &mut noise, &mut image, observe)
    } else {
        sampler.integrate_known(schedule, temperature, &mut noise, values, &mut image, observe)
    }
    .map_err(|error| error.to_string())?;
    sampler.potential().set_class(condition.class).map_err(|error| error.to_string())?;
    let energy = sampler.potential().energy(&image, ENERGY_TIME).map_err(|error| error.to_string())?;
    bits.energy = energy.unwrap_or(f32::NAN).to_bits();
    let verdict = sampler.verdict(&image).map_err(|error| error.to_string())?;
    bits.anomaly = verdict.map(|verdict| verdict.anomalous);
    let classified = sampler.classify(&image).map_err(|error| error.to_string())?;
    bits.class = classified.map(|found| found.class);
    bits.sample = image.iter().map(|value| value.to_bits()).collect();
    Ok(bits)
}
