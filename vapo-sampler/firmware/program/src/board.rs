//! What a board lends the program.

use crate::clock::Clock;
use core::hint::black_box;
use vapo_format::{Error, Model, Structure};
use vapo_sampler::Plan;

/// What a board lends the program.
#[derive(Debug)]
pub struct Board<'a, O> {
    /// Takes the text.
    pub output: O,
    /// Times the steps.
    pub clock: Clock,
    /// The model's file.
    pub model: &'a [u8],
    /// The structure of the model's file, as the build script found it.
    pub structure: &'a Structure,
    /// Where everything lies in the arena, as the build script planned it for the model.
    pub plan: &'a Plan,
    /// Memory for a sample and for the sampler's arena, in this order: as many elements as `model.rs` says.
    pub memory: &'a mut [f32],
}

/// Why there is no sample.
pub type Refusal = &'static str;

/// Reads the model that the flash holds.
pub(crate) fn parse<'a>(bytes: &'a [u8], structure: &Structure) -> Result<Model<'a>, Refusal> {
    // The compiler knows the model's bytes and could check them itself. What counts is what the flash holds by now.
    Model::parse_as(black_box(bytes), structure).map_err(|error| match error {
        Error::Version { .. } => "the image's model is of another version of the format: write it with this trainer",
        Error::Header => "the image was built for another model: build it again",
        _ => "the image's model is damaged: flash it again",
    })
}
