//! Nodes that an engine may compute as one operation: residual blocks.
//!
//! ```text
//! x ─┬─ silu ── conv ── silu ── conv ── add
//!    │                   │ film          │
//!    └───────────────────────────────────┘
//! ```
//!
//! Both convolutions have the same window, around every pixel: 3×3, or 1×3 in a series. Nothing else reads the nodes between x and the sum. It is an optimisation: one by one they give the same.

use super::graph::{Graph, Node};
use crate::ops::kernel::window::Window;
use vapo_format::Layer;
use vapo_format::layer::Conv;

/// A residual block, x + conv₂(silu(conv₁(silu(x))·(1 + scale) + shift)), by the indices of its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Residual {
    /// x.
    pub(super) input: usize,
    /// The windows of both convolutions.
    pub(crate) window: Window,
    /// The node of scales and shifts.
    pub(super) film: usize,
    /// silu(x), conv₁, silu and conv₂.
    pub(crate) inner: [usize; 4],
    /// The sum.
    pub(crate) output: usize,
}

impl Residual {
    /// The nodes of the convolutions.
    pub(super) fn convolutions(&self) -> [usize; 2] {
        [self.inner[1], self.inner[3]]
    }
}

/// All residual blocks, in the order of their sums.
pub(super) fn residuals(graph: &Graph) -> Vec<Residual> {
    (0..graph.nodes().len()).filter_map(|node| residual(graph.nodes(), node)).collect()
}

/// The residual block whose sum is a node.
fn residual(nodes: &[Node], output: usize) -> Option<Residual> {
    let (Layer::Add(_), &[input, second]) = (nodes[output].layer, &*nodes[output].inputs) else { return None };
    let (conv, modulated) = around(&nodes[second])?;
    let (Layer::Silu(_), &[first, film]) = (nodes[modulated].layer, &*nodes[modulated].inputs) else { return None };
    let (other, active) = around(&nodes[first])?;
    let (Layer::Silu(_), &[x]) = (nodes[active].layer, &*nodes[active].inputs) else { return None };
    let inner = [active, first, modulated, second];
    let read_once = inner.iter().all(|&node| nodes[node].readers.len() == 1);
    (x == input && other == conv && read_once).then_some(Residual { input, window: conv.into(), film, inner, output })
}

/// A convolution whose windows lie around every pixel, and its input.
fn around(node: &Node) -> Option<(Conv, usize)> {
    match (node.layer, &*node.inputs) {
        (Layer::Conv(conv), &[input]) if !Window::from(conv).tiles() => Some((conv, input)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::preset::Preset;
    use vapo_format::layer::{Add, Readout, Silu, Time};
    use vapo_format::{Architecture, Block, Homotopy, Shape};

    #[test]
    fn every_residual_block_of_a_preset_is_found() {
        let signals = [(32, Conv::same3x3(1)), (1, Conv::same1x3(1))];
        for (preset, (height, conv)) in
            Preset::encoders().into_iter().flat_map(|p| signals.map(|signal| (p.clone(), signal)))
        {
            let signal = Shape { channels: 1, height, width: 32 };
            let graph = Graph::new(&preset.architecture(signal, Homotopy::Linear));
            let found = residuals(&graph);
            let blocks = preset.blocks().iter().filter(|block| **block == Block::Residual).count();
            assert_eq!(found.len(), blocks, "{}", preset.name);
            for Residual { input, window, film, inner, output } in found {
                let [active, first, modulated, second] = inner;
                assert_eq!(window, Window::from(conv));
                assert_eq!(
                    (active, first, modulated, second, output),
                    (film - 2, film - 1, film + 1, film + 2, film + 3)
                );
                assert_eq!((input, &*graph.nodes()[output].inputs), (active - 1, &[input, second][..]));
            }
        }
    }

    /// How a block may differ from the pattern.
    #[derive(Clone, Copy, Debug, Default)]
    struct Change {
        window: Option<[u8; 2]>,
        channels: Option<u16>,
        unmodulated: bool,
        swapped: bool,
        /// A node within, from 0, that something else reads too.
        read_twice: Option<usize>,
        other_stream: bool,
    }

    fn found(change: Change) -> usize {
        let signal = Shape { channels: 1, height: 4, width: 4 };
        let mut built = Architecture::new(signal, Homotopy::Linear);
        let mut push = |layer: Layer, inputs: &[u16]| built.push(layer, inputs).unwrap();
        let hidden = change.channels.unwrap_or(3);
        let time = push(Time { features: 4 }.into(), &[]);
        let film = push(Conv::linear(2 * hidden).into(), &[time]);
        let x = push(Conv::same3x3(3).into(), &[0]);
        let active = push(Silu.into(), &[x]);
        let window = change.window.unwrap_or([3, 3]);
        let first = push(Conv { window, stride: [1, 1], channels: hidden }.into(), &[active]);
        let inputs = [first, film];
        let modulated = push(Silu.into(), if change.unmodulated { &inputs[..1] } else { &inputs });
        let second = push(Conv::same3x3(3).into(), &[modulated]);
        let stream = if change.other_stream { push(Silu.into(), &[x]) } else { x };
        let inputs = if change.swapped { [second, stream] } else { [stream, second] };
        let mut last = push(Add.into(), &inputs);
        if let Some(node) = change.read_twice {
            let again = push(Conv::linear(3).into(), &[[active, first, modulated, second][node]]);
            last = push(Add.into(), &[last, again]);
        }
        if change.unmodulated {
            last = push(Conv::linear(2 * hidden - 1).into(), &[last]);
        }
        let factors = if change.unmodulated { film } else { push(Conv::linear(4).into(), &[time]) };
        push(Readout.into(), &[last, factors, 0]);
        assert_eq!(built.validate(), Ok(()), "{change:?}");
        residuals(&Graph::new(&built)).len()
    }

    #[test]
    fn what_differs_from_the_pattern_is_none() {
        let same = Change::default();
        assert_eq!(found(same), 1);
        for change in [
            Change { window: Some([1, 3]), ..same },
            Change { window: Some([5, 5]), ..same },
            Change { window: Some([1, 1]), ..same },
            Change { channels: Some(2), ..same },
            Change { unmodulated: true, ..same },
            Change { swapped: true, ..same },
            Change { read_twice: Some(0), ..same },
            Change { read_twice: Some(1), ..same },
            Change { read_twice: Some(2), ..same },
            Change { read_twice: Some(3), ..same },
            Change { other_stream: true, ..same },
        ] {
            assert_eq!(found(change), 0, "{change:?}");
        }
    }
}
