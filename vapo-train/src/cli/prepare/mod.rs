//! What comes before a training: data, and what the training will take.

pub(super) mod fetch;
pub(super) mod plan;
