//! Programs of all presets: what they hold, and what they compute.

mod optimiser;
mod programs;
