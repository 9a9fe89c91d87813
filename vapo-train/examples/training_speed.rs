//! Prints how many images a second training takes in: whole optimiser steps, noise, loss, exact gradient, clipping, Adam
//! and moving average, on random images.
//!
//!     cargo run --release -p vapo-train --example training_speed -- [PRESET [THREADS [SECONDS]]]
//!
//! `tests/peer/compare` runs it in turn with PyTorch.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;
use std::error::Error;
use std::time::Instant;
use vapo_format::Shape;
use vapo_train::config::{Choices, Config};
use vapo_train::dataset::{Dataset, Files, Source};
use vapo_train::preset::Preset;
use vapo_train::training::Trainer;

/// Images of the data set.
const IMAGES: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "small".into());
    let preset = Preset::named(&name).ok_or_else(|| format!("no preset {name}"))?;
    let threads = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let seconds: f64 = arguments.next().map_or(Ok(10.0), |seconds| seconds.parse())?;

    let side = if matches!(preset.name, "tiny" | "digits") { 8 } else { 28 };
    let shape = Shape { channels: 1, height: side, width: side };
    let mut images = vec![0; IMAGES * shape.elements()];
    Xoshiro128PlusPlus::seed_from_u64(1).fill_bytes(&mut images);
    let dataset = Dataset::new("random", shape, u8::MAX, images, None)?;
    let choices = Choices { threads: Some(threads), ..Choices::default() };
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
    println!("{name}: {parameters} parameters, {threads} threads, batch {}: {rate:.0} images/s", config.batch);
    Ok(())
}
