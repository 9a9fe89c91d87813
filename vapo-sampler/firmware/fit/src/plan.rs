//! A memory plan as Rust, so that the compiler lays it in flash and the program needs no planner.

use vapo_sampler::Plan;
use vapo_sampler::plan::{Contribution, Step};

/// The plan's type and value.
pub(crate) fn source(plan: &Plan) -> String {
    let Plan { fingerprint, bytes, count, .. } = plan;
    let steps: String = plan.steps().iter().map(step).collect();
    format!(
        "::vapo_program::PlanFor<{count}> = ::vapo_program::PlanFor {{ fingerprint: {fingerprint}, bytes: {bytes}, \
         count: {count}, steps: [\n{steps}] }}"
    )
}

fn step(step: &Step) -> String {
    let Step { layer, inputs, extent, weights, value, cotangent, scratch, kept, work, exponents, .. } = step;
    let Step { contributions, keeps, again, .. } = step;
    // `Conv(Conv { … })`: the variant, and the kind's own type.
    let layer = format!("{layer:?}").replacen('(', "(::vapo_program::layer::", 1);
    let contributions: Vec<String> = contributions.iter().map(contribution).collect();
    format!(
        "    ::vapo_program::Step {{ layer: ::vapo_program::Layer::{layer}, inputs: {inputs:?}, \
         extent: ::vapo_program::{extent:?}, weights: {weights}, value: {value}, cotangent: {cotangent}, \
         scratch: {scratch}, kept: {kept}, work: [{}], exponents: ::vapo_program::{exponents:?}, contributions: [{}], keeps: {keeps:?}, again: {again} }},\n",
        work.map(|work| format!("::vapo_program::{work:?}")).join(", "),
        contributions.join(", ")
    )
}

fn contribution(contribution: &Contribution) -> String {
    format!("::vapo_program::Contribution::{contribution:?}")
}
