//! From a model to a device: its integers, what fits where, its C source, and boards.

pub(super) mod board;
pub(super) mod calibrate;
pub(super) mod core;
pub(super) mod export;
pub(super) mod firmware;
pub(super) mod inspect;
pub(super) mod report;
pub(super) mod smaller;
pub(super) mod speed;
