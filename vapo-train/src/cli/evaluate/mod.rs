//! Commands that measure a model or a set of images.

pub(super) mod eval;
pub(super) mod fid_ref;
pub(super) mod likelihood;
pub(super) mod neighbours;
pub(super) mod paths;
pub(super) mod samples;
