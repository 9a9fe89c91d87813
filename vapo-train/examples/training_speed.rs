//! Prints how many images a second training steps take in: drift, `flow` objective, exact gradient, without data
//! and optimiser.
//!
//!     cargo run --release -p vapo-train --example training_speed -- [PRESET [THREADS [SECONDS]]]
//!
//! `full-resolution` is the network of `tests/golden/torch_peer.py bench`: run the two in turn and compare them.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::error::Error;
use std::time::Instant;
use vapo_format::{Homotopy, Shape};
use vapo_sampler::Noise;
use vapo_train::config::Device;
use vapo_train::homotopy::{Path, stratified_times};
use vapo_train::objective::Objective;
use vapo_train::parameters::Layout;
use vapo_train::preset::Preset;
use vapo_train::training::Engine;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "full-resolution".into());
    let preset = Preset::named(&name).ok_or_else(|| format!("no preset {name}"))?;
    let threads = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let seconds: f64 = arguments.next().map_or(Ok(10.0), |seconds| seconds.parse())?;

    let side = if matches!(preset.name, "tiny" | "digits") { 8 } else { 28 };
    let image = Shape { channels: 1, height: side, width: side };
    let architecture = preset.architecture(image, Homotopy::Linear);
    let mut generator = Xoshiro128PlusPlus::seed_from_u64(1);
    let parameters = Layout::new(&architecture).initial(&mut generator);
    let times = stratified_times(preset.batch, &mut generator);
    let mut data = vec![0.0; preset.batch * image.elements()];
    let mut noise = data.clone();
    let mut gaussian = Noise::new(generator);
    gaussian.fill(&mut data);
    gaussian.fill(&mut noise);
    let path = Path::new(architecture.homotopy, &data, &noise, &times)?;
    let engine = Engine::new(Device::Cpu, threads)?;
    let step = || {
        let objective = |evaluation: &_| Objective::Flow.evaluate(evaluation, &path);
        engine.differentiate(&architecture, &parameters, path.samples(), objective).map(drop)
    };

    step()?;
    let (start, mut images) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < seconds {
        step()?;
        images += preset.batch;
    }
    let rate = images as f64 / start.elapsed().as_secs_f64();
    println!("{name}: {} parameters, {threads} threads, batch {}: {rate:.0} images/s", parameters.len(), preset.batch);
    Ok(())
}
