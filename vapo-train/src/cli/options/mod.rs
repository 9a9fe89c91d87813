//! Options that commands share, each group with what it stands for.
//!
//! | module | concept |
//! |---|---|
//! | [`data`] | a data set and a split of it |
//! | [`features`] | what images are compared by |
//! | [`output`] | the file or folder that a command writes |
//! | [`sampler`] | how samples are drawn |

pub(super) mod data;
pub(super) mod features;
pub(super) mod output;
pub(super) mod sampler;

pub(super) use data::DataOptions;
pub(super) use features::FeatureOptions;
pub(super) use sampler::{Integrator, SamplerOptions};
