//! Where a network may be cut, so that what lies between two cuts is forgotten and computed again.

use crate::cuda::emitter::Nodes;
use std::ops::Range;
use vapo_format::Layer;

/// The nodes in runs of neighbours, or in one if nothing is forgotten. All that later runs read of a run is its last node. The signal, and what depends on time alone, are
/// kept, whichever run they lie in.
pub(super) fn segments(nodes: &Nodes, recompute: bool) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut start = 0;
    for node in 0..nodes.len() {
        if node + 1 == nodes.len() || (recompute && is_cut(nodes, node)) {
            segments.push(start..node + 1);
            start = node + 1;
        }
    }
    segments
}

/// Whether nothing but this node, of those up to it, is read after it. What is cheap to compute again is no cut.
fn is_cut(nodes: &Nodes, cut: usize) -> bool {
    let kept = |node: usize| node == 0 || !nodes.node(node).of_signal;
    let read_after = |node: usize| nodes.node(node).readers.last().is_some_and(|&(reader, _)| reader > cut);
    !kept(cut)
        && !matches!(nodes.node(cut).layer, Layer::Silu(_))
        && nodes.sum_of(cut).is_none()
        && (0..cut).all(|node| kept(node) || !read_after(node))
}
