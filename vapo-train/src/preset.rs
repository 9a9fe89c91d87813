//! Networks by name.

use vapo_format::{Architecture, Homotopy, Layer, Shape};

/// A network, and how to train it.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// What `--preset` takes.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// Width of the time embedding.
    pub embedding: u16,
    /// The encoder.
    pub layers: Vec<Layer>,
    /// Optimiser steps.
    pub steps: u64,
    /// Images a step.
    pub batch: usize,
    /// Peak learning rate.
    pub learning_rate: f32,
    /// Decay of the moving average of the parameters.
    pub ema_decay: f32,
}

impl Preset {
    /// All presets, small to large.
    pub fn all() -> Vec<Preset> {
        use Layer::{Conv, Down, Head, Residual, SpaceToDepth};
        vec![
            Preset {
                name: "tiny",
                about: "8×8 images, 1k parameters: for tests, too small for good samples",
                embedding: 8,
                layers: vec![Conv { channels: 4 }, Residual, Down { channels: 8 }, Head { channels: 8 }],
                steps: 1000,
                batch: 64,
                learning_rate: 4e-3,
                ema_decay: 0.99,
            },
            Preset {
                name: "digits",
                about: "8×8 images, 31k parameters: fits a micro:bit",
                embedding: 16,
                layers: vec![
                    Conv { channels: 8 },
                    Residual,
                    Down { channels: 16 },
                    Residual,
                    Down { channels: 32 },
                    Residual,
                    Head { channels: 32 },
                ],
                steps: 8000,
                batch: 128,
                learning_rate: 4e-3,
                ema_decay: 0.998,
            },
            Preset {
                name: "small",
                about: "28×28 images, 94k parameters, space to depth: for boards with 128 KB of RAM and more",
                embedding: 64,
                layers: vec![
                    SpaceToDepth,
                    Conv { channels: 16 },
                    Residual,
                    Residual,
                    Down { channels: 32 },
                    Residual,
                    Residual,
                    Residual,
                    Head { channels: 32 },
                ],
                steps: 10_000,
                batch: 64,
                learning_rate: 2e-3,
                ema_decay: 0.999,
            },
            Preset {
                name: "full-resolution",
                about: "28×28 images, 219k parameters, three levels from full resolution",
                embedding: 64,
                layers: vec![
                    Conv { channels: 16 },
                    Residual,
                    Down { channels: 32 },
                    Residual,
                    Down { channels: 64 },
                    Residual,
                    Residual,
                    Head { channels: 64 },
                ],
                steps: 10_000,
                batch: 64,
                learning_rate: 2e-3,
                ema_decay: 0.999,
            },
        ]
    }

    /// The preset of a name.
    pub fn named(name: &str) -> Option<Preset> {
        Preset::all().into_iter().find(|preset| preset.name == name)
    }

    /// The preset as the command line's help shows it.
    pub fn possible_value(self) -> clap::builder::PossibleValue {
        clap::builder::PossibleValue::new(self.name).help(self.about)
    }

    /// The network for images of an extent.
    pub fn architecture(&self, image: Shape, homotopy: Homotopy) -> Architecture {
        Architecture { image, homotopy, embedding: self.embedding, layers: self.layers.iter().copied().collect() }
    }
}
