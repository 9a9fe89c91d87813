//! From a network to the launches that evaluate and differentiate it.
//!
//! There are two passes, as on the processor ([`crate::ops`]). The first carries values forward, and in reverse the cotangents of
//! the potential, which give the drift. The second carries tangents forward, and in reverse the cotangents of the values in the
//! directional derivative, which give the gradient of the parameters.
//!
//! | module | concept |
//! |---|---|
//! | `walk` | from node to node, forward and in reverse |
//! | `segments` | what may be forgotten between passes and computed again |

mod segments;
mod walk;

use super::emitter::{Emitter, Nodes, Pass, Stores, Thinning};
use super::program::{Buffer, Builder, Element, Phase, Role, Sweep};
use crate::potential::layer::Features;
use segments::segments;
use std::ops::Range;

/// What is computed, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Options {
    /// Images of a part of a batch.
    pub(crate) images: usize,
    /// Whether ∂Φ/∂t is asked for and has a part in the loss.
    pub(crate) time_rate: bool,
    /// Whether what a segment of the network makes is forgotten, and computed again where a later pass needs it.
    pub(crate) recompute: bool,
    /// Part of the activations that is left out at random, see [`crate::potential::dropout`].
    pub(crate) dropout: f32,
}

/// What the host exchanges with a program that evaluates and differentiates.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// Images (B, H, W, C), to the device.
    pub(super) images: Buffer,
    /// Features of time and class, (B, F), for each node that gives some, to the device.
    pub(super) features: Vec<(usize, Buffer)>,
    /// Seeds of what is left out, (B,), to the device, where something is.
    pub(super) dropout_seeds: Option<Buffer>,
    /// Φ, (B,), from the device.
    pub(super) potential: Buffer,
    /// ∇ₓΦ, (B, H, W, C), from the device.
    pub(super) drift: Buffer,
    /// Cotangents of these features, (B, F), from the device.
    pub(super) feature_cotangents: Vec<Buffer>,
    /// ∂F/∂Φ, (B,), to the device.
    pub(super) potential_seeds: Buffer,
    /// ∂F/∂∇ₓΦ, (B, H, W, C), to the device.
    pub(super) drift_seeds: Buffer,
    /// Tangents of these features, (B, F), to the device.
    pub(super) feature_tangents: Vec<Buffer>,
}

/// Appends both passes: the phases [`Phase::Evaluate`] and [`Phase::Differentiate`].
pub(super) fn passes(builder: &mut Builder, nodes: &Nodes, stores: Stores, options: Options) -> Exchange {
    let Options { images: batch, time_rate, recompute, dropout } = options;
    let signal = batch * nodes.elements(0);
    let images = builder.buffer(Role::Exchanged, signal);
    let given: Vec<usize> = nodes.all(Features::<f32>::are_of).collect();
    let features = |builder: &mut Builder| -> Vec<Buffer> {
        given.iter().map(|&node| builder.buffer(Role::Exchanged, batch * nodes.elements(node))).collect()
    };
    let values = features(builder);
    let thins = dropout > 0.0 && (0..nodes.len()).any(|node| nodes.node(node).thinned);
    let dropout_seeds = thins.then(|| builder.buffer_of(Element::Count, Role::Exchanged, batch));
    let mut emitter = Emitter::new(builder, nodes, stores, batch, time_rate);
    emitter.thinning = dropout_seeds.map(|seeds| Thinning { seeds, rate: dropout });
    let segments = segments(nodes, recompute);

    // First pass, forward: values, segment by segment.
    emitter.builder.begin(Phase::Evaluate);
    emitter.builder.sweep(Sweep::Forward);
    emitter.begin_with(Pass::First, 0, images);
    given.iter().zip(&values).for_each(|(&node, &buffer)| emitter.begin_with(Pass::First, node, buffer));
    dropout_seeds.iter().for_each(|&seeds| emitter.builder.exchanged(seeds));
    emitter.forward_of_time(Pass::First);
    for (index, segment) in segments.iter().enumerate() {
        emitter.forward(Pass::First, segment.clone());
        if index + 1 < segments.len() {
            emitter.forget(segment.clone(), &[Pass::First], &[]);
        }
    }
    let potential = emitter.value(nodes.len() - 1);
    // First pass, in reverse: what was forgotten is there again, then cotangents.
    emitter.builder.sweep(Sweep::Drift);
    for segment in segments.iter().rev() {
        emitter.forward(Pass::First, segment.clone());
        emitter.reverse(Pass::First, segment.clone());
        if recompute {
            emitter.forget(segment.clone(), &[Pass::First], &[Pass::First]);
        }
    }
    if time_rate {
        emitter.reverse_of_time(Pass::First);
    }
    let drift = emitter.made(Pass::First, 0);
    let feature_cotangents: Vec<Buffer> =
        given.iter().filter(|_| time_rate).map(|&node| emitter.made(Pass::First, node)).collect();
    // The host reads what the first pass made, and forms the seeds of the second.
    emitter.builder.begin(Phase::Differentiate);
    emitter.builder.sweep(Sweep::Tangents);
    [potential, drift].iter().chain(&feature_cotangents).for_each(|&buffer| emitter.builder.exchanged(buffer));

    let potential_seeds = emitter.builder.buffer(Role::Exchanged, batch);
    let drift_seeds = emitter.builder.buffer(Role::Exchanged, signal);
    let feature_tangents = if time_rate { features(emitter.builder) } else { Vec::new() };
    [potential_seeds, drift_seeds]
        .iter()
        .chain(&feature_tangents)
        .for_each(|&buffer| emitter.builder.exchanged(buffer));
    // Second pass, forward: tangents, from the seeds of the drift.
    emitter.seeds = Some(potential_seeds);
    emitter.begin_with(Pass::Second, 0, drift_seeds);
    given.iter().zip(&feature_tangents).for_each(|(&node, &buffer)| emitter.begin_with(Pass::Second, node, buffer));
    if time_rate {
        emitter.forward_of_time(Pass::Second);
    }
    for (index, segment) in segments.iter().enumerate() {
        emitter.forward(Pass::First, segment.clone());
        emitter.forward(Pass::Second, segment.clone());
        if index + 1 < segments.len() {
            emitter.forget(segment.clone(), &[Pass::First, Pass::Second], &[]);
        }
    }
    // Second pass, in reverse: cotangents of the values, and with them and those of the first pass the gradient of every matrix.
    emitter.builder.last_reverse_begins();
    emitter.builder.sweep(Sweep::Gradient);
    for segment in segments.iter().rev() {
        emitter.forward(Pass::First, segment.clone());
        emitter.forward(Pass::Second, segment.clone());
        if recompute {
            emitter.reverse_again(inner(segment));
        }
        emitter.reverse(Pass::Second, segment.clone());
        if recompute {
            emitter.forget(segment.clone(), &[Pass::First, Pass::Second], &[Pass::First, Pass::Second]);
        }
    }
    emitter.reverse_of_time(Pass::Second);
    let features = given.into_iter().zip(values).collect();
    Exchange {
        images,
        features,
        dropout_seeds,
        potential,
        drift,
        feature_cotangents,
        potential_seeds,
        drift_seeds,
        feature_tangents,
    }
}

/// The nodes of a segment that nothing outside of it reads: all but its last.
fn inner(segment: &Range<usize>) -> Range<usize> {
    segment.start..segment.end.saturating_sub(1)
}
