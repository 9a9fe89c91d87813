//! Prints how many drifts a second this machine evaluates on one core, for two architectures.
//!
//! ```text
//! cargo run --release -p vapo-sampler --example throughput
//! cargo run --release -p vapo-sampler --features wide --example throughput
//! ```
//!
//! Multiply-accumulates count both passes, padding included.

use std::time::{Duration, Instant};
use vapo_format::architecture::MAX_NODES;
use vapo_format::writer::{Values, file_bytes};
use vapo_format::{Architecture, Arithmetic, Block, Encoding, Homotopy, Model, Shape, Writer, encoder};
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
    let bytes = model(&architecture)?;
    let model = Model::parse(&bytes)?;
    let plan = PlanFor::<MAX_NODES>::new(&model)?;
    let mut memory = vec![0.0; plan.elements()];
    let mut potential = Potential::new(&model, &plan, &mut memory)?;
    let x: Vec<f32> = (0..image.elements()).map(|i| libm::sinf(i as f32 * 0.7)).collect();
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
    let operations = 2.0 * architecture.multiply_accumulates() as f64;
    println!(
        "{name:14} {:6} parameters {:6} arena elements (Ab2) {:9.0} drifts/s {:6.2} GMAC/s",
        architecture.parameters(),
        arena::elements(&architecture, Arithmetic::Float, Solver::Ab2),
        1.0 / best,
        operations / best / 1e9,
    );
    Ok(())
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
