//! Mistakes of a caller.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::{Error, PlanFor, Sampler, Schedule, ScheduleError, Solver};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let refused = Sampler::new(&model, &plan, Solver::Etd2, &mut []).map(|_| ());
//! let needed = plan.elements_with(Solver::Etd2);
//! assert_eq!(refused, Err(Error::Arena { needed, given: 0 }));
//! assert_eq!(Schedule::usual(0), Err(ScheduleError::Steps));
//! println!("{}", ScheduleError::Steps); // a sentence for a person
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;
use vapo_format::{Arithmetic, Bits, Homotopy, Shape};

/// Why a potential, a sampler or a solver refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The arena is too small for the model and the solver.
    Arena {
        /// f32 elements that they need.
        needed: usize,
        /// f32 elements that the caller lent.
        given: usize,
    },
    /// A sample or a drift has another number of elements than the model's images.
    Length {
        /// Elements of an image, C·H·W.
        expected: usize,
        /// Elements of the slice.
        found: usize,
    },
    /// A reading of a series does not have one number for each channel.
    Reading {
        /// Channels of the model's signal.
        channels: usize,
        /// Numbers of the reading.
        found: usize,
    },
    /// A monitor got a model of images, whose signal is higher than 1.
    Series {
        /// Extent of the signal.
        found: Shape,
    },
    /// A monitor that would judge every 0 readings.
    Stride,
    /// The temperature is negative, infinite or not a number.
    Temperature {
        /// The temperature.
        found: f32,
    },
    /// The model has no such class.
    Class {
        /// Classes of the model, from 0.
        classes: u16,
        /// The class.
        found: u16,
    },
    /// Guidance is infinite or not a number, or there is no class for it.
    Guidance {
        /// The guidance.
        found: f32,
    },
    /// The model is of an arithmetic that this program was built without: the crate's features `float` and `integer`.
    Arithmetic {
        /// The model's arithmetic.
        found: Arithmetic,
    },
    /// The model has weights of fewer than 8 bits, and this program was built without the crate's feature `few-bits`.
    Weights {
        /// Bits of a weight.
        found: Bits,
    },
    /// A plan of another model than the one beside it.
    Plan,
    /// A model has more nodes than a plan has room for.
    Nodes {
        /// Nodes that there is room for.
        most: usize,
        /// Nodes up to the first that there is none for.
        given: usize,
    },
    /// A potential takes more memory than 32 bits address.
    Large {
        /// Bytes that it takes at least.
        needed: u64,
    },
    /// Two potentials that have no sum: of signals of different extents, or of different homotopies.
    Unlike {
        /// Extents of the signals.
        signals: [Shape; 2],
        /// The homotopies.
        homotopies: [Homotopy; 2],
    },
    /// A weight is infinite or not a number.
    Weight {
        /// The weight.
        found: f32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Arena { needed, given } => {
                write!(f, "the model and its solver need an arena of {needed} elements, {given} were given")
            }
            Error::Length { expected, found } => {
                write!(f, "an image of this model has {expected} elements, the slice has {found}")
            }
            Error::Reading { channels, found } => {
                write!(f, "a reading of this model has a number a channel, {channels}, found {found}")
            }
            Error::Series { found } => {
                write!(f, "a monitor takes a model of a series, of height 1, found one of {found}")
            }
            Error::Stride => f.write_str("a monitor judges every so many readings, at least 1, found 0"),
            Error::Temperature { found } => write!(f, "a temperature is finite and at least 0, found {found}"),
            Error::Class { classes: 0, found } => {
                write!(f, "the model has no classes, found class {found}: ask for none, or train with classes")
            }
            Error::Class { classes, found } => {
                write!(f, "the model has the classes 0 to {}, found class {found}", classes - 1)
            }
            Error::Guidance { found } => {
                write!(f, "guidance is a finite number and leads to a class, found {found}: ask for a class as well")
            }
            Error::Arithmetic { found } => {
                write!(
                    f,
                    "the model's arithmetic is {found}, and this program has none: build it with the feature `{found}`"
                )
            }
            Error::Weights { found } => {
                let bits = found.count();
                write!(
                    f,
                    "the model's weights have {bits} bits, and this program takes 8: build it with the feature `few-bits`"
                )
            }
            Error::Plan => f.write_str("the plan is another model's: plan the memory of the model that is sampled"),
            Error::Nodes { most, given } => {
                write!(f, "the plan has room for {most} nodes, the model has {given} or more: give it more room")
            }
            Error::Large { needed } => {
                write!(
                    f,
                    "the potential takes {needed} bytes of memory or more, beyond what 32 bits address: take smaller images"
                )
            }
            Error::Unlike { signals: [a, b], homotopies: [of_a, of_b] } => write!(
                f,
                "potentials are composed where images and homotopies are the same, found {a} {of_a} and {b} {of_b}: \
                 train one like the other"
            ),
            Error::Weight { found } => write!(f, "a weight is a finite number, found {found}"),
        }
    }
}

impl core::error::Error for Error {}

/// Why a schedule was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ScheduleError {
    /// A schedule of no steps.
    Steps,
    /// The exponent is not a positive number, or so far from 1 that two times of the schedule round to the same
    /// number.
    Exponent {
        /// The exponent.
        found: f32,
    },
    /// The extrapolation is negative, infinite or not a number.
    Extrapolation {
        /// The extrapolation.
        found: f32,
    },
    /// The start is not in [0, 1), or so late that two times of the schedule round to the same number.
    Start {
        /// The start.
        found: f32,
    },
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScheduleError::Steps => f.write_str("a schedule takes at least 1 step, found 0"),
            ScheduleError::Exponent { found } => write!(
                f,
                "an exponent is positive and near enough to 1 that all times differ, found {found}: try 0.7 to 1.5"
            ),
            ScheduleError::Extrapolation { found } => {
                write!(f, "an extrapolation is finite and at least 0, found {found}: try 1 to 1.5")
            }
            ScheduleError::Start { found } => write!(
                f,
                "a schedule starts at a time from 0 to below 1, early enough that all times differ, found {found}: start \
                 earlier, or take fewer steps"
            ),
        }
    }
}

impl core::error::Error for ScheduleError {}
