//! Options that commands share, each group with what it stands for.
//!
//! | module | concept |
//! |---|---|
//! | [`adaptive`] | how samples are drawn, where steps may be adaptive |
//! | [`classes`] | which class samples are asked for |
//! | [`data`] | a data set and a split of it |
//! | [`features`] | what images are compared by |
//! | [`output`] | names of results, and what they are to hold |
//! | [`plan`] | what a command reads and writes, checked before its work begins |
//! | [`sampler`] | how samples are drawn, in fixed steps |
//! | [`solver`] | solvers by their names |

pub(super) mod adaptive;
pub(super) mod classes;
pub(super) mod data;
pub(super) mod features;
pub(super) mod output;
pub(super) mod plan;
pub(super) mod sampler;
pub(super) mod solver;

pub(super) use adaptive::AdaptiveOptions;
pub(super) use classes::ClassOptions;
pub(super) use data::{DataOptions, OF_DATA};
pub(super) use features::FeatureOptions;
pub(super) use plan::Plan;
pub(super) use sampler::{RESTORING_TEMPERATURE, SamplerOptions, pool};
pub(super) use solver::solvers;
