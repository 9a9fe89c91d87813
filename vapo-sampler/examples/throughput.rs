//! Prints how many drifts a second this machine evaluates on one core, for two architectures, in both arithmetics.
//!
//! ```text
//! cargo run --release -p vapo-sampler --example throughput
//! cargo run --release -p vapo-sampler --features wide --example throughput
//! ```
//!
//! Multiply-accumulates count both passes, padding included.

use std::time::{Duration, Instant};
use vapo_format::architecture::MAX_NODES;
use vapo_format::matrix::{Weights, floats};
use vapo_format::writer::{Values, file_bytes};
use vapo_format::{Architecture, Block, Calibration, Encoding, Homotopy, Model, Shape, Writer, encoder};
use vapo_sampler::calibration::Ranges;
use vapo_sampler::{PlanFor, Potential, Solver, arena};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    use Block::*;
    let (conv, down16, down32) = (Conv { channels: 8 }, Down { channels: 16 }, Down { channels: 32 });
    let head = Head { channels: 32 };
    measure("digits 8×8", 8, 16, &[conv, Residual, down16, Residual, down32, Residual, head])?;
    let conv = Conv { channels: 16 };
    let layers = [SpaceToDepth, conv, Residual, Residual, down32, Residual, Residual, Residual, head];
    measure("fashion 28×28", 28, 64, &layers)?;
    Ok(())
}

fn measure(name: &str, extent: u16, embedding: u16, blocks: &[Block]) -> Result<(), Box<dyn std::error::Error>> {
    let image = Shape { channels: 1, height: extent, width: extent };
    let architecture = encoder::architecture(image, Homotopy::Linear, embedding, blocks)?;
    let float = model(&architecture)?;
    let integer = integer(&Model::parse(&float)?)?;
    for bytes in [float, integer] {
        let model = Model::parse(&bytes)?;
        let drifts = drifts_a_second(&model)?;
        println!(
            "{name:14} {:8} {:6} parameters {:7} bytes of arena (Ab2) {drifts:9.0} drifts/s {:6.2} GMAC/s",
            model.arithmetic().to_string(),
            architecture.parameters(),
            4 * arena::elements(&architecture, model.arithmetic(), Solver::Ab2),
            2e-9 * architecture.multiply_accumulates() as f64 * drifts,
        );
    }
    Ok(())
}

fn drifts_a_second(model: &Model<'_>) -> Result<f64, Box<dyn std::error::Error>> {
    let plan = PlanFor::<MAX_NODES>::new(model)?;
    let mut memory = vec![0.0; plan.elements()];
    #[cfg(feature = "wide")]
    let unpacked = vapo_sampler::kernel::wide::Unpacked::new(model);
    #[cfg_attr(feature = "wide", allow(unused_mut))]
    let mut potential = Potential::new(model, &plan, &mut memory)?;
    #[cfg(feature = "wide")]
    let mut potential = potential.unpacked(&unpacked);
    let x = sample(model);
    let mut drift = vec![0.0; x.len()];

    // The best of several runs: other work on the machine only ever slows one down.
    let mut best = f64::INFINITY;
    for _ in 0..200 {
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(10) {
            potential.drift(&x, 0.5, &mut drift)?;
            count += 1;
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(count));
    }
    Ok(1.0 / best)
}

fn sample(model: &Model<'_>) -> Vec<f32> {
    (0..model.signal().elements()).map(|i| libm::sinf(i as f32 * 0.7)).collect()
}

/// The model of i8 weights in integer arithmetic.
fn integer(model: &Model<'_>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut ranges = Ranges::default();
    let plan = PlanFor::<MAX_NODES>::new(model)?;
    let (mut memory, x) = (vec![0.0; plan.elements()], sample(model));
    let mut drift = vec![0.0; x.len()];
    Potential::new(model, &plan, &mut memory)?.observed_drift(&x, 0.5, &mut drift, &mut ranges)?;
    let exponents = ranges.exponents(model, 2.0).ok_or("no exponents")?;
    let architecture = model.architecture();
    let mut bytes = vec![0; file_bytes(&architecture, Encoding::Integer)?];
    let calibration = Calibration { exponents: &exponents, digest: 0 };
    let mut writer = Writer::integer(&mut bytes, &architecture, Encoding::Integer, calibration, None)?;
    for (_, matrix) in model.matrices() {
        let Weights::Scaled { values, scales } = matrix.weights else { return Err("not int8".into()) };
        let values: Vec<i8> = values.first(matrix.rows * matrix.columns).collect();
        let (biases, scales): (Vec<f32>, Vec<f32>) = (matrix.biases().collect(), floats(scales).collect());
        writer.matrix(&biases, Values::Int8 { values: &values, scales: &scales })?;
    }
    writer.finish()?;
    Ok(bytes)
}

/// Weights of no meaning: the time does not depend on them.
fn model(architecture: &Architecture) -> Result<Vec<u8>, vapo_format::Error> {
    let mut bytes = vec![0; file_bytes(architecture, Encoding::Int8)?];
    let mut writer = Writer::new(&mut bytes, architecture, Encoding::Int8)?;
    for shape in architecture.matrices() {
        let values: Vec<i8> = (0..shape.rows * shape.columns).map(|i| (i * 37 % 251) as i8).collect();
        let scales = vec![0.3 / 127.0 / (shape.rows as f32).sqrt(); shape.columns];
        writer.matrix(&vec![0.01; shape.columns], Values::Int8 { values: &values, scales: &scales })?;
    }
    writer.finish()?;
    Ok(bytes)
}
