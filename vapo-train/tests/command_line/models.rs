//! Model files made without training.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::fs;
use std::path::Path;
use vapo_format::{Architecture, Encoding, Homotopy, Scaling, Shape};
use vapo_sampler::Noise;
use vapo_train::potential::parameters::Layout;
use vapo_train::quantise::model_file;
use vapo_train::run::preset::Preset;

pub(crate) const GREY: Shape = Shape { channels: 1, height: 8, width: 8 };

/// Windows of two channels.
pub(crate) const SERIES: Shape = Shape { channels: 2, height: 1, width: 32 };
/// How raw readings of up to three channels stand for values.
const SCALINGS: [Scaling; 3] =
    [Scaling { offset: 20.0, scale: 5.0 }, Scaling { offset: 500.0, scale: 90.0 }, Scaling { offset: 0.0, scale: 1.0 }];

pub(crate) fn architecture(image: Shape, homotopy: Homotopy) -> Architecture {
    Preset::named("tiny").unwrap().architecture(image, homotopy)
}

/// Parameters of an architecture, the same for the same scale.
pub(crate) fn random(architecture: &Architecture, scale: f32) -> Vec<f32> {
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(1));
    (0..Layout::new(architecture).len()).map(|_| scale * noise.draw()).collect()
}

/// Writes the tiny preset with random weights of this scale to `path`. Returns the file's bytes.
pub(crate) fn write_model(path: &Path, image: Shape, homotopy: Homotopy, scale: f32) -> Vec<u8> {
    let architecture = architecture(image, homotopy);
    let file = model_file(&architecture, &random(&architecture, scale), Encoding::Int8).unwrap();
    fs::write(path, &file).unwrap();
    file
}

/// Likewise, with weights of float32. Returns the bytes of the file of int8 weights.
pub(crate) fn write_float32(path: &Path, image: Shape, homotopy: Homotopy, scale: f32) -> Vec<u8> {
    let architecture = architecture(image, homotopy);
    let parameters = random(&architecture, scale);
    fs::write(path, model_file(&architecture, &parameters, Encoding::Float32).unwrap()).unwrap();
    model_file(&architecture, &parameters, Encoding::Int8).unwrap()
}

/// Writes the preset of small series with random weights to `path`. Returns the file's bytes.
pub(crate) fn write_series_model(path: &Path, window: Shape) -> Vec<u8> {
    let mut architecture = Preset::named("series-tiny").unwrap().architecture(window, Homotopy::Linear);
    architecture.scaling = SCALINGS.into_iter().take(window.channels.into()).collect();
    // Small ones: samples stay near what they begin with.
    let file = model_file(&architecture, &random(&architecture, 0.05), Encoding::Int8).unwrap();
    fs::write(path, &file).unwrap();
    file
}
