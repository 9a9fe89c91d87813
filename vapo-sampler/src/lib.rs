//! Samples a variational potential flow: no operating system, no heap, no panic.
//!
//! A potential Φ(x, t) was trained elsewhere. Its gradient, the drift, carries Gaussian noise at `time` 0 into data at
//! `time` 1. This crate evaluates both from a model file, which may be in flash, in one buffer that the caller lends, and gives
//! the same bytes on every target.
//!
//! | module | concept |
//! |---|---|
//! | [`sampler`] | draws an image from a model: [`Sampler`], or [`Sampling`], one layer a call |
//! | [`solver`] | integrates a drift from noise to data: [`Solver`] Euler, Heun, Adams–Bashforth, exponential, each at any temperature |
//! | [`schedule`] | the times at which a solver stops: [`Schedule`] |
//! | [`homotopy`] | mean and std of the path from noise to data |
//! | [`noise`] | seeded Gaussian [`Noise`] from a generator of your choice |
//! | [`potential`] | potential, drift and energy: [`Potential`] |
//! | [`kernel`] | the loops that take the time: products and SiLU, for each arithmetic and processor |
//! | `arithmetic` | what numbers a potential is computed in: f32, or i16 that stand for q / 2^exponent |
//! | `layer` | what each layer kind computes, forward and in reverse, one file a kind |
//! | [`observer`] | observes every activation, for hosts that measure ranges: [`observer::Observer`] |
//! | [`plan`] | where every activation is in memory, and for how long: [`Plan`] |
//! | [`planned`] | a model with its plan in front of it: [`Planned`] |
//! | [`inpainting`] | restores the missing part of an image |
//! | [`trajectory`] | the path from noise to a sample, step by step |
//! | [`composition`] | the weighted sum of two potentials |
//! | [`condition`] | the class to draw, and the guidance towards it: [`Condition`] |
//! | [`guidance`] | pushes a sample towards its class |
//! | [`classification`] | the class of a sample, by its energies |
//! | [`anomaly`] | whether an image is like those that a potential was trained on |
//! | [`monitor`] | watches a series, reading by reading: [`Monitor`] |
//! | [`learning`] | a threshold from the energies of normal windows: [`ThresholdLearner`] |
//! | [`calibration`] | which exponents activations take in integer arithmetic |
//! | [`arena`] | how many elements of memory a model and a solver need |
//! | [`fit`] | how much memory of a device a model takes, and how much the device lacks |
//! | [`error`] | the mistakes of a caller |
//!
//! The one function that matters is [`Potential::drift`]: a forward pass through the nodes, and a reverse pass through the same
//! weights, transposed. The loops that take its time are in [`kernel`].
//!
//! # The path of a sample
//!
#![doc = include_str!("../docs/figures/sample.svg")]
//!
//! # Example
//!
//! Model bytes in, image out.
//!
//! ```
//! use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
//! use vapo_format::Model;
//! use vapo_sampler::{Noise, PlanFor, Sampler, Schedule, Solver};
//!
//! # fn model() -> Vec<u8> {
//! #     use vapo_format::{Block, Encoding, Homotopy, Shape, Writer, encoder, writer::{Values, file_bytes}};
//! #     let signal = Shape { channels: 1, height: 8, width: 8 };
//! #     let blocks = [Block::Conv { channels: 4 }, Block::Residual, Block::Head { channels: 4 }];
//! #     let architecture = encoder::architecture(signal, Homotopy::Linear, 8, &blocks).unwrap();
//! #     let mut bytes = vec![0; file_bytes(&architecture, Encoding::Float32).unwrap()];
//! #     let mut writer = Writer::new(&mut bytes, &architecture, Encoding::Float32).unwrap();
//! #     for shape in architecture.matrices() {
//! #         let weights = vec![0.01; shape.rows * shape.columns];
//! #         writer.matrix(&vec![0.0; shape.columns], Values::Float32(&weights)).unwrap();
//! #     }
//! #     writer.finish().unwrap();
//! #     bytes
//! # }
//! # let bytes = model();
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<24>::new(&model)?; // room for 24 nodes
//! let solver = Solver::default();
//! let mut arena = [0.0; 1424]; // `arena::elements` says how many
//! let mut sampler = Sampler::new(&model, &plan, solver, &mut arena)?;
//!
//! let schedule = Schedule::usual(10)?;
//! let temperature = solver.usual_temperature();
//! let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
//! let mut image = [0.0; 8 * 8];
//! sampler.sample(schedule, temperature, &mut noise, &mut image)?;
//! # assert!(image.iter().all(|value| value.is_finite()));
//!
//! // The same model restores what is missing, here the lower half, and judges by its threshold, if it has one.
//! let upper: [f32; 4 * 8] = [-1.0; 32];
//! sampler.inpaint(schedule, solver.restoring_temperature(), &mut noise, |index| upper.get(index).copied(), &mut image)?;
//! assert!(image.starts_with(&upper));
//! if let Some(verdict) = sampler.verdict(&image)? {
//!     println!("energy {}, anomalous: {}", verdict.energy, verdict.anomalous);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![deny(unsafe_code)]
// Without either arithmetic, as in a build script, plans are made and nothing is computed.
#![cfg_attr(not(any(feature = "float", feature = "integer")), allow(dead_code, unused_variables, unused_imports))]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(any(test, feature = "wide"))]
extern crate std;

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So do those of the page on firmware of one's own.
#[cfg(doctest)]
#[doc = include_str!("../docs/own-firmware.md")]
struct OwnFirmware;

pub mod anomaly;
pub mod arena;
mod arithmetic;
pub mod calibration;
mod circle;
pub mod classification;
pub mod composition;
pub mod condition;
pub mod error;
pub mod fit;
pub mod guidance;
pub mod homotopy;
pub mod inpainting;
pub mod kernel;
mod layer;
pub mod learning;
pub mod monitor;
pub mod noise;
pub mod observer;
pub mod plan;
pub mod planned;
pub mod potential;
pub mod sampler;
pub mod schedule;
pub mod solver;
pub mod trajectory;

/// The version of this crate.
pub const PACKAGE: &str = env!("CARGO_PKG_VERSION");

pub use composition::Composition;
pub use condition::Condition;
pub use error::{Error, ScheduleError};
pub use learning::{LearningError, ThresholdLearner};
pub use monitor::{Explanation, Monitor};
pub use noise::Noise;
pub use plan::{Plan, PlanFor};
pub use planned::{Planned, PlannedError};
pub use potential::Potential;
pub use sampler::{Paused, Sampler, Sampling};
pub use schedule::Schedule;
pub use solver::{Progress, Solver};
