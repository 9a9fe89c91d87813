//! What C programs call, called as they do: every number is the one that `vapo_sampler` gives, to the bit, and what a caller does
//! wrong is told.

#[path = "../../../../tests/common/mod.rs"]
mod common;
mod lent;
mod models;
mod monitor;
mod planned;
mod refusal;
mod sampler;
mod steps;
