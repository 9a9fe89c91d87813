//! Tests of the model file from outside: what is written is read, what is damaged is refused, and the specification
//! says what the code does.

mod architecture;
mod classifier;
mod corruption;
mod errors;
mod exponents;
mod graphs;
mod integer;
mod models;
mod names;
mod packed;
mod requantisation;
mod round_trip;
mod rules;
mod specification;
mod structure;
#[cfg(feature = "published")]
mod unet;
mod version_1;
mod words;
mod writer;
