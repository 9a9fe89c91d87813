//! Prints how many images a second training takes in, and the peak of its memory: whole optimiser steps, noise, loss,
//! exact gradient, clipping, optimiser and moving average, on random images.
//!
//!     cargo run --release -p vapo-train --example training_speed -- [PRESET [THREADS [SECONDS [OPTIMISER]]]]
//!
//! `tests/golden/compare_speed.py` runs it in turn with PyTorch.

use clap::ValueEnum;
use mimalloc::MiMalloc;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;
use std::error::Error;
use std::time::Instant;
use vapo_format::Shape;
use vapo_train::dataset::{Dataset, Files, Source};
use vapo_train::optimiser::Rule;
use vapo_train::run::config::{Choices, Config};
use vapo_train::run::preset::Preset;
use vapo_train::training::Trainer;

/// That of the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Images of the data set.
const IMAGES: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "small".into());
    let preset = Preset::named(&name).ok_or_else(|| format!("no preset {name}"))?;
    let threads = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let seconds: f64 = arguments.next().map_or(Ok(10.0), |seconds| seconds.parse())?;

    let rule = arguments.next().map_or(Ok(Rule::default()), |rule| Rule::from_str(&rule, false))?;

    let side = if matches!(preset.name, "tiny" | "digits") { 8 } else { 28 };
    let shape = Shape { channels: 1, height: side, width: side };
    let mut images = vec![0; IMAGES * shape.elements()];
    Xoshiro128PlusPlus::seed_from_u64(1).fill_bytes(&mut images);
    let dataset = Dataset::new("random", shape, u8::MAX, images, None)?;
    let choices = Choices { threads: Some(threads), optimiser: Some(rule), ..Choices::default() };
    let config = Config::new(Source::FashionMnist, &dataset, &Files::default(), &preset, &choices);
    let mut trainer = Trainer::new(&config, &dataset)?;

    // Fills caches and pools.
    trainer.advance(0.0)?;
    let (start, mut seen) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < seconds {
        trainer.advance(0.5)?;
        seen += config.batch;
    }
    let rate = seen as f64 / start.elapsed().as_secs_f64();
    let parameters = config.architecture.parameters();
    let memory = peak().map_or("unknown".to_owned(), |megabytes| format!("{megabytes:.0} MB"));
    println!(
        "{name}: {parameters} parameters, {threads} threads, batch {}: {rate:.0} images/s, peak {memory}",
        config.batch
    );
    Ok(())
}

/// Largest resident size of this process so far, in MB, where the system tells.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}
