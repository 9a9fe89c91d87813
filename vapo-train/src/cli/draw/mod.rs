//! Commands that draw from a model, freely or around what is known.

pub(super) mod compose;
pub(super) mod inpaint;
pub(super) mod interpolate;
pub(super) mod restore;
pub(super) mod sample;
