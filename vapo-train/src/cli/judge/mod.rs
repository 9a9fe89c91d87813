//! Commands that judge data by a model: how unusual they are, and which class they have.

pub(super) mod classify;
pub(super) mod score;
