//! A sampler at work.

use rand_xoshiro::Xoshiro128PlusPlus;
use vapo_sampler::{Noise, Paused, Sampler};

/// A sampler, and the sample that it draws a layer a call, if there is one.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) sampler: Sampler<'static>,
    pub(crate) begun: Option<Begun>,
}

/// A sample that was begun, and what it is drawn of: memory of as many numbers as a sample has.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) paused: Paused,
    pub(crate) noise: Noise<Xoshiro128PlusPlus>,
    pub(crate) all: u32,
    pub(crate) image: *mut f32,
    /// Null where nothing is known, as `known` then is.
    pub(crate) given: *const f32,
    pub(crate) known: *const u8,
}
