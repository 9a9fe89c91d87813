//! Answers requests as an emulated board does, for bindings that compare every bit with this machine.
//!
//! ```text
//! echo 'digits.vapo 7 etd2 10 0.5 1.25 0.3 3 0 0' | cargo run -p vapo-sampler --example answers
//! ```
//!
//! A line of the standard input has a model's file, a seed, a solver, steps, an exponent, an extrapolation, a temperature, a class or `-`,
//! a guidance, and how many rows are known. What is printed for it `vapo-sampler/firmware/README.md` says; an empty line follows.

use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
use std::error::Error;
use std::io::{self, BufRead, Write};
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_format::model::checksum;
use vapo_sampler::{Condition, Noise, PlanFor, Sampler, Schedule, Solver};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        answer(&line, &mut out).map_err(|error| format!("`{line}`: {error}"))?;
    }
    Ok(())
}

fn answer(line: &str, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let words: Vec<&str> = line.split(' ').collect();
    let [file, seed, solver, steps, exponent, extrapolation, temperature, class, guidance, rows] = words[..] else {
        return Err("expected ten words".into());
    };
    let file = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let model = Model::parse(&file)?;
    let solver = Solver::ALL.into_iter().find(|known| known.name() == solver).ok_or("expected a solver")?;
    let class = if class == "-" { None } else { Some(class.parse()?) };
    let plan = PlanFor::<MAX_NODES>::new(&model)?;
    let mut arena = vec![0.0; plan.elements_guided(solver)];
    let mut sampler = Sampler::new(&model, &plan, solver, &mut arena)?;
    sampler.set_condition(Condition { class, guidance: guidance.parse()? })?;
    let schedule = Schedule::graded(steps.parse()?, exponent.parse()?)?.extrapolating(extrapolation.parse()?)?;
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed.parse()?));

    // The known elements are the pattern that a board takes.
    let shape = model.signal();
    let known = rows.parse::<usize>()? * usize::from(shape.width) * usize::from(shape.channels);
    let value = |index: usize| (index < known).then_some(0.5 - 0.5 * (index % 4) as f32);
    let mut image = vec![0.0; shape.elements()];
    noise.fill(&mut image);
    let mut lines = Vec::new();
    sampler.integrate_known(schedule, temperature.parse()?, &mut noise, value, &mut image, |step, drift| {
        let drift = checksum(drift.iter().map(|value| value.to_le_bytes()));
        lines.push(format!("step {:08x} {drift:08x}", step.start.to_bits()));
    })?;
    lines.push(format!("sample {}", image.iter().map(|value| format!("{:08x}", value.to_bits())).collect::<String>()));
    sampler.potential().set_class(class)?;
    let energy = sampler.potential().energy(&image, 0.9)?.unwrap_or(f32::NAN);
    lines.push(format!("energy {:08x}", energy.to_bits()));
    sampler.potential().set_class(None)?;
    if let Some(verdict) = sampler.verdict(&image)? {
        lines.push(format!("anomaly {}", u8::from(verdict.anomalous)));
    }
    if let Some(found) = sampler.classify(&image)? {
        lines.push(format!("class {}", found.class));
    }
    writeln!(out, "{}\n", lines.join("\n"))?;
    Ok(())
}
