//! Random architectures of version 2: graphs of every layer kind, with skips.

use crate::models::{homotopies, signals};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use vapo_format::architecture::{MAX_SCALINGS, Placed};
use vapo_format::layer::{Add, Concat, Conv, Input, Readout, Silu, SpaceToDepth, Time, Up};
use vapo_format::{Architecture, Homotopy, Layer, Node, Scaling, Shape};

/// Windows and strides of convolutions.
const WINDOWS: [([u8; 2], [u8; 2]); 9] = [
    ([1, 1], [1, 1]),
    ([3, 3], [1, 1]),
    ([1, 3], [1, 1]),
    ([3, 1], [1, 1]),
    ([5, 5], [1, 1]),
    ([2, 2], [2, 2]),
    ([2, 1], [2, 1]),
    ([1, 4], [1, 4]),
    ([1, 3], [1, 3]),
];

/// What to add to a graph: whose inputs these are the graph decides.
#[derive(Clone, Debug)]
enum Step {
    Conv { window: usize, channels: u16 },
    Silu,
    Film,
    Add,
    SpaceToDepth,
    Up { along: bool },
    Concat,
    Time { features: u8 },
}

/// A graph under construction, of which some nodes are not read yet.
struct Graph {
    signal: Shape,
    nodes: Vec<Node>,
}

impl Graph {
    /// Adds a node if it fits and is small.
    fn push(&mut self, layer: impl Into<Layer>, inputs: &[u16]) -> Option<u16> {
        let index = self.nodes.len() as u16;
        self.nodes.push(Node::new(layer, index, inputs));
        let last = self.placed().nth(usize::from(index));
        if last.is_some_and(|last| last.output.extent.channels <= 201 && index < 100) {
            return Some(index);
        }
        self.nodes.pop();
        None
    }

    fn placed(&self) -> impl Iterator<Item = Placed> {
        let mut architecture = Architecture::new(self.signal, Homotopy::Linear);
        architecture.nodes = self.nodes.iter().cloned().collect();
        architecture.walk().collect::<Vec<_>>().into_iter()
    }

    /// Nodes whose output is like this.
    fn like(&self, rule: impl Fn(Input) -> bool) -> Vec<u16> {
        self.placed().filter(|placed| rule(placed.output)).map(|placed| placed.index).collect()
    }

    /// A linear map of some vector: one pixel that does not depend on the signal.
    fn vector(&mut self, channels: u16, choice: prop::sample::Index) -> Option<u16> {
        let vectors = self.like(|output| !output.of_signal && output.extent.pixels() == 1);
        self.push(Conv::linear(channels), &[*choice.get(&vectors)])
    }

    fn step(&mut self, step: &Step, [first, second]: [prop::sample::Index; 2]) -> Option<u16> {
        let all: Vec<u16> = (0..self.nodes.len() as u16).collect();
        let x = *first.get(&all);
        match *step {
            Step::Conv { window, channels } => {
                let (window, stride) = WINDOWS[window];
                self.push(Conv { window, stride, channels }, &[x])
            }
            Step::Silu => self.push(Silu, &[x]),
            Step::Film => {
                let channels = self.placed().nth(x.into())?.output.extent.channels;
                let film = self.vector(2 * channels, second)?;
                self.push(Silu, &[x, film])
            }
            Step::Add => {
                let extent = self.placed().nth(x.into())?.output.extent;
                let alike = self.like(|output| output.extent == extent);
                self.push(Add, &[x, *second.get(&alike)])
            }
            Step::SpaceToDepth => self.push(SpaceToDepth, &[x]),
            Step::Up { along } => self.push(if along { Up::ALONG } else { Up::BOTH }, &[x]),
            Step::Concat => {
                let Shape { height, width, .. } = self.placed().nth(x.into())?.output.extent;
                let alike = self.like(|output| (output.extent.height, output.extent.width) == (height, width));
                self.push(Concat, &[x, *second.get(&alike)])
            }
            Step::Time { features } => self.push(Time { features }, &[]),
        }
    }

    /// Reads the last activation out, and leaves out what nothing reads.
    fn finish(mut self, choice: prop::sample::Index) -> Vec<Node> {
        let signals = self.like(|output| output.of_signal);
        let last = *signals.last().expect("the signal");
        // The read-out takes no node twice, and the signal is its third.
        let last = if last == 0 { self.push(Silu, &[0]).expect("a silu fits") } else { last };
        let channels = self.placed().nth(last.into()).expect("placed").output.extent.channels;
        let factors = self.vector(channels + 1, choice).expect("a vector fits");
        self.push(Readout, &[last, factors, 0]).expect("the read-out fits");
        let edges: Vec<_> = self.placed().map(|placed| placed.edges).collect();
        let mut read = vec![false; edges.len()];
        *read.last_mut().expect("the read-out") = true;
        for (index, edges) in edges.iter().enumerate().rev() {
            edges
                .iter()
                .filter(|_| read[index])
                .copied()
                .collect::<Vec<_>>()
                .iter()
                .for_each(|&edge| read[usize::from(edge)] = true);
        }
        let index_of = |old: u16| read[..usize::from(old)].iter().filter(|&&read| read).count() as u16;
        let kept = self.nodes.iter().zip(&edges).enumerate().filter(|(index, _)| read[*index]);
        kept.map(|(index, (node, edges))| {
            let inputs: Vec<u16> = edges.iter().map(|&edge| index_of(edge)).collect();
            Node::new(node.layer, index_of(index as u16), &inputs)
        })
        .collect()
    }
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..WINDOWS.len(), 1..8_u16).prop_map(|(window, channels)| Step::Conv { window, channels }),
        1 => Just(Step::Silu),
        2 => Just(Step::Film),
        4 => Just(Step::Add),
        1 => Just(Step::SpaceToDepth),
        1 => any::<bool>().prop_map(|along| Step::Up { along }),
        2 => Just(Step::Concat),
        1 => (1..=16_u8).prop_map(|pairs| Step::Time { features: 2 * pairs }),
    ]
}

/// One scaling for all channels, or one each.
fn scalings(channels: u16) -> impl Strategy<Value = heapless::Vec<Scaling, MAX_SCALINGS>> {
    let scaling = (prop::num::f32::NORMAL, prop::num::f32::POSITIVE | prop::num::f32::NORMAL);
    let count = prop_oneof![Just(1), Just(usize::from(channels))];
    let listed = count.prop_flat_map(move |count| prop::collection::vec(scaling, count));
    listed.prop_map(|listed| listed.into_iter().map(|(offset, scale)| Scaling { offset, scale }).collect())
}

/// Valid architectures.
pub(crate) fn architectures() -> impl Strategy<Value = Architecture> {
    let choices = any::<[prop::sample::Index; 2]>();
    let steps = prop::collection::vec((steps(), choices), 0..16);
    let of_signal = signals().prop_flat_map(|signal| (Just(signal), scalings(signal.channels)));
    (of_signal, homotopies(), steps, any::<prop::sample::Index>()).prop_map(
        |((signal, scaling), homotopy, steps, choice)| {
            let mut architecture = Architecture::new(signal, homotopy);
            let nodes = vec![Node::new(vapo_format::layer::Signal, 0, &[]), Node::new(Time { features: 4 }, 1, &[])];
            let mut graph = Graph { signal, nodes };
            for (step, choices) in steps {
                graph.step(&step, choices);
            }
            (architecture.scaling, architecture.nodes) = (scaling, graph.finish(choice).into_iter().collect());
            architecture
        },
    )
}

/// A generator that leaves a kind out would test nothing of it.
#[test]
fn random_architectures_have_every_layer_kind() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut skips, mut scaled, mut longest) = (BTreeSet::new(), 0, 0, 0);
    for _ in 0..400 {
        let architecture = architectures().new_tree(&mut runner).unwrap().current();
        assert_eq!(architecture.validate(), Ok(()), "{architecture:?}");
        let mut readers = vec![0; architecture.nodes.len()];
        for placed in architecture.walk() {
            let name = match placed.node.layer {
                Layer::Conv(conv) => format!("conv {:?} {:?}", conv.window, conv.stride),
                Layer::Silu(_) => format!("silu of {}", placed.edges.len()),
                Layer::Time(_) => "time".to_string(),
                layer => layer.to_string(),
            };
            seen.insert(name);
            placed.edges.iter().for_each(|&edge| readers[usize::from(edge)] += 1);
        }
        // The signal is read by the read-out too.
        skips += usize::from(readers[1..].iter().any(|&readers| readers > 1));
        scaled += usize::from(architecture.scaling.len() > 1);
        longest = longest.max(architecture.nodes.len());
    }
    let mut expected: BTreeSet<_> =
        WINDOWS.iter().map(|(window, stride)| format!("conv {window:?} {stride:?}")).collect();
    expected.extend(
        ["signal", "time", "silu of 1", "silu of 2", "add", "space-to-depth", "readout", "up 2×2", "up 1×2", "concat"]
            .map(String::from),
    );
    assert_eq!(seen, expected);
    assert!(skips > 100 && scaled > 100 && longest > 12, "{skips} with skips, {scaled} with scalings, {longest} nodes");
}
