//! A memory plan and a file's structure as Rust, so that the compiler lays them in flash and the program needs neither a planner
//! nor a reader of headers.

use vapo_format::Structure;
use vapo_sampler::Plan;
use vapo_sampler::plan::{Contribution, Step};

/// The structure's value.
pub(crate) fn structure(structure: Structure) -> String {
    let Structure { signal, classes, encoding, checksum, header, homotopy, scaling, nodes, exponents, weights } =
        structure;
    format!(
        "::vapo_program::Structure {{ signal: ::vapo_program::{signal:?}, classes: {classes}, \
         encoding: ::vapo_program::Encoding::{encoding:?}, checksum: {checksum}, header: {header}, \
         homotopy: {homotopy}, scaling: {scaling:?}, nodes: {nodes:?}, exponents: {exponents:?}, weights: {weights} }}"
    )
}

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
