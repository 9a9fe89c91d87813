//! Writes a model of random weights: `cargo run -p vapo-fit --example random_model -- FILE`. Its samples show nothing, but
//! it takes the flash, the RAM and the time of a trained model of 8×8 digits.

use std::process::ExitCode;
use vapo_format::writer::{Values, file_bytes};
use vapo_format::{Architecture, Encoding, Homotopy, Layer, Shape, Writer};

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("expected one argument, the file to write");
        return ExitCode::FAILURE;
    };
    let written = model().and_then(|bytes| std::fs::write(&path, bytes).map_err(|error| error.to_string()));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

fn model() -> Result<Vec<u8>, String> {
    let architecture = Architecture {
        image: Shape { channels: 1, height: 8, width: 8 },
        homotopy: Homotopy::Linear,
        embedding: 16,
        layers: [
            Layer::Conv { channels: 8 },
            Layer::Residual,
            Layer::Down { channels: 16 },
            Layer::Residual,
            Layer::Down { channels: 32 },
            Layer::Residual,
            Layer::Head { channels: 16 },
        ]
        .into_iter()
        .collect(),
    };
    let mut bytes = vec![0; file_bytes(&architecture, Encoding::Int8).map_err(|error| error.to_string())?];
    let mut writer = Writer::new(&mut bytes, &architecture, Encoding::Int8).map_err(|error| error.to_string())?;
    let mut state = 1;
    for shape in architecture.matrices() {
        let weights: Vec<i8> = (0..shape.rows * shape.columns).map(|_| random(&mut state)).collect();
        let biases: Vec<f32> = (0..shape.columns).map(|_| f32::from(random(&mut state)) / 1024.0).collect();
        // Keeps the variance of what passes through: i8 values are uniform, of standard deviation 74.
        let scales = vec![1.0 / (74.0 * (shape.rows as f32).sqrt()); shape.columns];
        writer
            .matrix(&biases, Values::Int8 { values: &weights, scales: &scales })
            .map_err(|error| format!("{}: {error}", shape.name))?;
    }
    writer.finish().map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Next byte of a linear congruential generator.
fn random(state: &mut u64) -> i8 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 56) as i8
}
