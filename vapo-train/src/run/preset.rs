//! Networks by name.

use crate::optimiser::{Clip, Rule};
use crate::potential::encoder::Encoder;
use vapo_format::unet::Unet;
use vapo_format::{Architecture, Block, Homotopy, Shape};

/// A network, and how to train it.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// What `--preset` takes.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// The network.
    pub design: Design,
    /// How it is trained where no option says otherwise.
    pub training: Training,
}

/// A network for images of any extent.
#[derive(Clone, Debug, PartialEq)]
pub enum Design {
    /// This project's: blocks whose last reads out the potential.
    Encoder {
        /// Width of the time embedding.
        embedding: u16,
        /// The blocks.
        blocks: Vec<Block>,
    },
    /// The published one, see [`vapo_format::unet`].
    Unet(Unet),
}

/// How a preset is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// Optimiser steps.
    pub steps: u64,
    /// Images a step.
    pub batch: usize,
    /// The rule by which gradients become steps; none where the objective decides.
    pub rule: Option<Rule>,
    /// Peak learning rate.
    pub learning_rate: f32,
    /// Steps in which the learning rate rises to its peak.
    pub warm_up: u64,
    /// How the gradient is clipped.
    pub clip: Clip,
    /// Decay of the moving average of the parameters.
    pub ema_decay: f32,
    /// Part of the activations that a step leaves out at random, see [`crate::potential::dropout`].
    pub dropout: f32,
    /// Part of the steps, at their end, in which weights stay at numbers that int8 holds.
    pub int8_part: f64,
    /// Whether classes are learned where the data set has some.
    pub classes: bool,
}

impl Training {
    /// What this project's presets have in common. Each says the other fields itself.
    const OURS: Training = Training {
        steps: 10_000,
        batch: 64,
        rule: None,
        learning_rate: 2e-3,
        warm_up: 200,
        clip: Clip::Norm,
        ema_decay: 0.998,
        dropout: 0.0,
        int8_part: 0.1,
        classes: true,
    };
}

impl Preset {
    /// All presets: encoders of images small to large, then those of series, then published networks.
    pub fn all() -> Vec<Preset> {
        [Preset::encoders(), Preset::published()].concat()
    }

    /// The network that *Variational Potential Flow Bayes* published, see [`vapo_format::unet`], with its rate of learning, batch, moving
    /// average and dropout. Its number of steps was not published.
    fn published() -> Vec<Preset> {
        let preset = |name, about, batch| Preset {
            name,
            about,
            design: Design::Unet(Unet::PUBLISHED),
            training: Training {
                steps: 200_000,
                batch,
                rule: Some(Rule::Adam),
                learning_rate: 1e-4,
                warm_up: 5000,
                clip: Clip::SecondMoment,
                ema_decay: 0.9999,
                dropout: 0.3,
                // It is written in floats.
                int8_part: 0.0,
                // It knows none unless `--classes` asks for it.
                classes: false,
            },
        };
        vec![
            preset("paper-cifar10", "32×32 colour images, 55676k parameters: the published U-Net", 128),
            preset("paper-celeba", "64×64 colour images, 55676k parameters: the published U-Net", 64),
        ]
    }

    /// Presets that are encoders: those of images small to large, then those of series.
    pub fn encoders() -> Vec<Preset> {
        use Block::{Conv, Down, Head, Residual, SpaceToDepth};
        vec![
            Preset {
                name: "tiny",
                about: "8×8 images, 1k parameters: for tests, too small for good samples",
                design: Design::Encoder {
                    embedding: 8,
                    blocks: vec![Conv { channels: 4 }, Residual, Down { channels: 8 }, Head { channels: 8 }],
                },
                training: Training { steps: 1000, batch: 64, learning_rate: 4e-3, ema_decay: 0.99, ..Training::OURS },
            },
            Preset {
                name: "digits",
                about: "8×8 images, 31k parameters: fits a micro:bit",
                design: Design::Encoder {
                    embedding: 16,
                    blocks: vec![
                        Conv { channels: 8 },
                        Residual,
                        Down { channels: 16 },
                        Residual,
                        Down { channels: 32 },
                        Residual,
                        Head { channels: 32 },
                    ],
                },
                training: Training { steps: 8000, batch: 128, learning_rate: 4e-3, ema_decay: 0.998, ..Training::OURS },
            },
            Preset {
                name: "small",
                about: "28×28 images, 94k parameters, space to depth: for boards with 64 KB of RAM and more",
                design: Design::Encoder {
                    embedding: 64,
                    blocks: vec![
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
                },
                training: Training {
                    steps: 10_000,
                    batch: 64,
                    learning_rate: 2e-3,
                    ema_decay: 0.9995,
                    ..Training::OURS
                },
            },
            Preset {
                name: "medium",
                about: "28×28 images, 316k parameters, small twice as wide: the best after an hour",
                design: Design::Encoder {
                    embedding: 64,
                    blocks: vec![
                        SpaceToDepth,
                        Conv { channels: 32 },
                        Residual,
                        Residual,
                        Down { channels: 64 },
                        Residual,
                        Residual,
                        Residual,
                        Head { channels: 64 },
                    ],
                },
                training: Training {
                    steps: 10_000,
                    batch: 64,
                    learning_rate: 2e-3,
                    ema_decay: 0.9995,
                    ..Training::OURS
                },
            },
            Preset {
                name: "peer-8",
                about: "28×28 images, 66k parameters, three levels: the network of the PyTorch peer",
                design: Design::Encoder {
                    embedding: 64,
                    blocks: vec![
                        Conv { channels: 8 },
                        Residual,
                        Down { channels: 16 },
                        Residual,
                        Down { channels: 32 },
                        Residual,
                        Residual,
                        Head { channels: 32 },
                    ],
                },
                training: Training {
                    steps: 10_000,
                    batch: 64,
                    learning_rate: 2e-3,
                    ema_decay: 0.999,
                    ..Training::OURS
                },
            },
            Preset {
                name: "peer-16",
                about: "28×28 images, 219k parameters, three levels: the network of the PyTorch peer",
                design: Design::Encoder {
                    embedding: 64,
                    blocks: vec![
                        Conv { channels: 16 },
                        Residual,
                        Down { channels: 32 },
                        Residual,
                        Down { channels: 64 },
                        Residual,
                        Residual,
                        Head { channels: 64 },
                    ],
                },
                training: Training {
                    steps: 10_000,
                    batch: 64,
                    learning_rate: 2e-3,
                    ema_decay: 0.999,
                    ..Training::OURS
                },
            },
            Preset {
                name: "cifar10-device",
                about: "32×32 colour images, 318k parameters: for boards with 128 KB of RAM and more",
                design: Design::Encoder {
                    embedding: 64,
                    blocks: vec![
                        SpaceToDepth,
                        Conv { channels: 32 },
                        Residual,
                        Residual,
                        Down { channels: 64 },
                        Residual,
                        Residual,
                        Residual,
                        Head { channels: 64 },
                    ],
                },
                training: Training {
                    steps: 20_000,
                    batch: 64,
                    learning_rate: 2e-3,
                    ema_decay: 0.999,
                    ..Training::OURS
                },
            },
            Preset {
                name: "cifar10",
                about: "32×32 colour images, 1984k parameters, space to depth, three levels: for a host",
                design: Design::Encoder {
                    embedding: 64,
                    blocks: vec![
                        SpaceToDepth,
                        Conv { channels: 48 },
                        Residual,
                        Residual,
                        Down { channels: 96 },
                        Residual,
                        Residual,
                        Down { channels: 192 },
                        Residual,
                        Residual,
                        Head { channels: 192 },
                    ],
                },
                training: Training {
                    steps: 50_000,
                    batch: 64,
                    learning_rate: 1e-3,
                    ema_decay: 0.999,
                    ..Training::OURS
                },
            },
            Preset {
                name: "celeba-device",
                about: "64×64 colour images, 243k parameters: for boards with 256 KB of RAM and more",
                design: Design::Encoder {
                    embedding: 64,
                    blocks: vec![
                        SpaceToDepth,
                        Conv { channels: 16 },
                        Residual,
                        Down { channels: 32 },
                        Residual,
                        Residual,
                        Down { channels: 64 },
                        Residual,
                        Residual,
                        Head { channels: 64 },
                    ],
                },
                training: Training {
                    steps: 20_000,
                    batch: 64,
                    learning_rate: 2e-3,
                    ema_decay: 0.999,
                    ..Training::OURS
                },
            },
            Preset {
                name: "celeba",
                about: "64×64 colour images, 1198k parameters, space to depth, three levels: for a host",
                design: Design::Encoder {
                    embedding: 64,
                    blocks: vec![
                        SpaceToDepth,
                        Conv { channels: 32 },
                        Residual,
                        Down { channels: 64 },
                        Residual,
                        Residual,
                        Down { channels: 128 },
                        Residual,
                        Residual,
                        Residual,
                        Head { channels: 128 },
                    ],
                },
                training: Training {
                    steps: 50_000,
                    batch: 64,
                    learning_rate: 1e-3,
                    ema_decay: 0.999,
                    ..Training::OURS
                },
            },
            Preset {
                name: "series-tiny",
                about: "1×64 windows, 16k parameters: for boards with 8 KB of RAM and more",
                design: Design::Encoder {
                    embedding: 16,
                    blocks: vec![
                        SpaceToDepth,
                        SpaceToDepth,
                        Conv { channels: 16 },
                        Residual,
                        Residual,
                        Down { channels: 24 },
                        Residual,
                        Residual,
                        Head { channels: 24 },
                    ],
                },
                training: Training { steps: 6000, batch: 128, learning_rate: 4e-3, ema_decay: 0.998, ..Training::OURS },
            },
            Preset {
                name: "series",
                about: "1×64 windows, 72k parameters: for boards with 32 KB of RAM and more",
                design: Design::Encoder {
                    embedding: 32,
                    blocks: vec![
                        SpaceToDepth,
                        Conv { channels: 24 },
                        Residual,
                        Residual,
                        Down { channels: 32 },
                        Residual,
                        Residual,
                        Down { channels: 48 },
                        Residual,
                        Residual,
                        Head { channels: 48 },
                    ],
                },
                training: Training {
                    steps: 10_000,
                    batch: 128,
                    learning_rate: 2e-3,
                    ema_decay: 0.9995,
                    ..Training::OURS
                },
            },
        ]
    }

    /// The name of the preset for images or windows of an extent where none is chosen: the first of a few that takes them.
    pub fn usual(image: Shape) -> &'static str {
        let candidates: &[&'static str] = match (image.channels, image.height) {
            (_, 1) => &["series-tiny"],
            (_, ..=8) => &["digits"],
            (1 | 2, _) => &["small"],
            (_, 48..) => &["celeba", "cifar10", "small"],
            _ => &["cifar10", "small"],
        };
        let takes = |name: &&&str| {
            Preset::named(name).is_some_and(|preset| preset.architecture(image, Homotopy::Linear).validate().is_ok())
        };
        candidates.iter().find(takes).copied().unwrap_or(candidates[0])
    }

    /// The heights and widths next below and above an image's that every level can halve, as far as there are any. A series
    /// keeps its height of 1.
    pub fn nearest(&self, image: Shape) -> impl Iterator<Item = (u16, u16)> {
        let halves = |block: &&Block| matches!(block, Block::SpaceToDepth | Block::Down { .. });
        let levels = match &self.design {
            Design::Encoder { blocks, .. } => blocks.iter().filter(halves).count(),
            Design::Unet(unet) => unet.levels.len().saturating_sub(1),
        };
        let step = 1_u16 << levels.min(10);
        let below = |side: u16| side / step * step;
        let above = |side: u16| side.div_ceil(step) * step;
        let height = |nearest: &dyn Fn(u16) -> u16| if image.height == 1 { 1 } else { nearest(image.height) };
        let nearest = [(height(&below), below(image.width)), (height(&above), above(image.width))];
        let (preset, mut last) = (self.clone(), None);
        nearest.into_iter().filter(move |&(height, width)| {
            let valid = preset.architecture(Shape { height, width, ..image }, Homotopy::Linear).validate().is_ok();
            valid && last.replace((height, width)) != Some((height, width))
        })
    }

    /// The blocks of an encoder; none where the network is none.
    pub fn blocks(&self) -> &[Block] {
        match &self.design {
            Design::Encoder { blocks, .. } => blocks,
            Design::Unet(_) => &[],
        }
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
        self.conditional(image, homotopy, 0)
    }

    /// The network for images of an extent and so many classes, or 0.
    pub fn conditional(&self, image: Shape, homotopy: Homotopy, classes: u16) -> Architecture {
        match &self.design {
            Design::Unet(unet) => {
                let architecture = unet.architecture(image, homotopy, classes);
                architecture.unwrap_or_else(|_| unreachable!("a preset has few levels"))
            }
            Design::Encoder { embedding, blocks } => {
                let encoder = Encoder { image, homotopy, embedding: *embedding, classes, layers: blocks.clone() };
                encoder.architecture().unwrap_or_else(|_| unreachable!("a preset has one head, and few blocks"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(height: u16, width: u16) -> Shape {
        Shape { channels: 3, height, width }
    }

    #[test]
    fn the_usual_preset_takes_the_images() {
        for (image, expected) in [
            (Shape { channels: 1, ..colour(8, 8) }, "digits"),
            (Shape { channels: 1, ..colour(28, 28) }, "small"),
            (colour(28, 28), "small"),
            (colour(32, 32), "cifar10"),
            (colour(64, 64), "celeba"),
            (colour(60, 60), "small"),
            (colour(63, 63), "celeba"),
            (colour(1, 64), "series-tiny"),
            (Shape { channels: 9, ..colour(1, 251) }, "series-tiny"),
        ] {
            assert_eq!(Preset::usual(image), expected, "{image}");
        }
    }

    #[test]
    fn the_published_network_has_as_many_parameters_as_was_published() {
        for (name, side) in [("paper-cifar10", 32), ("paper-celeba", 64)] {
            let preset = Preset::named(name).unwrap();
            let architecture = preset.architecture(colour(side, side), Homotopy::Linear);
            assert_eq!((architecture.validate(), architecture.parameters()), (Ok(()), 55_676_419), "{name}");
            assert_eq!(preset.nearest(colour(30, 30)).collect::<Vec<_>>(), [(28, 28), (32, 32)]);
        }
    }

    #[test]
    fn the_nearest_extents_are_taken() {
        let celeba = Preset::named("celeba").unwrap();
        let nearest = |height, width| celeba.nearest(colour(height, width)).collect::<Vec<_>>();
        assert_eq!(nearest(62, 64), [(56, 64), (64, 64)]);
        assert_eq!(nearest(7, 9), [(8, 16)]);
        assert_eq!(nearest(1023, 1024), [(1016, 1024), (1024, 1024)]);
        assert_eq!(nearest(64, 64), [(64, 64)]);
        let series = Preset::named("series-tiny").unwrap();
        assert_eq!(series.nearest(colour(1, 251)).collect::<Vec<_>>(), [(1, 248), (1, 256)]);
        assert_eq!(series.nearest(colour(1, 3)).collect::<Vec<_>>(), [(1, 8)]);
    }
}
