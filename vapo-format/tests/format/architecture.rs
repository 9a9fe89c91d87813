//! Shapes and counts that follow from an architecture.

#![allow(clippy::disallowed_methods)] // rounded to f32, which no system's last digit changes

use crate::models::{digits, example};
use crate::rules::{graph, node};
use crate::version_1::Encoder;
use vapo_format::architecture::{Edges, MAX_NODES};
use vapo_format::layer::{Add, Conv, FREQUENCIES, Readout, Signal, Silu, SpaceToDepth, TIME_FEATURES, Time};
use vapo_format::{Architecture, Block, Encoding, Homotopy, Shape};

#[test]
fn frequencies_are_geometric() {
    for (i, &frequency) in FREQUENCIES.iter().enumerate() {
        assert_eq!(frequency, (2.0 * 100_f64.powf(i as f64 / 15.0)) as f32, "frequency {i}");
    }
    assert_eq!(TIME_FEATURES, 32);
    assert_eq!(Time { features: 2 }.frequencies(), [2.0]);
    assert_eq!(Time { features: 32 }.frequencies(), FREQUENCIES);
}

#[test]
fn matrices_of_the_digits_potential() {
    let expected = [
        ("nodes.2", 32, 16),
        ("nodes.4", 16, 16),
        ("nodes.6", 9, 8),
        ("nodes.8", 72, 8),
        ("nodes.9", 16, 16),
        ("nodes.11", 72, 8),
        ("nodes.13", 32, 16),
        ("nodes.15", 144, 16),
        ("nodes.16", 16, 32),
        ("nodes.18", 144, 16),
        ("nodes.20", 64, 32),
        ("nodes.22", 288, 32),
        ("nodes.23", 16, 64),
        ("nodes.25", 288, 32),
        ("nodes.28", 32, 32),
        ("nodes.29", 16, 33),
    ];
    let architecture = digits().architecture();
    let found: Vec<_> = architecture.matrices().map(|m| (m.to_string(), m.rows, m.columns)).collect();
    assert_eq!(found, expected.map(|(name, rows, columns)| (name.to_string(), rows, columns)));
    // 30,936 weights and 377 biases.
    assert_eq!(architecture.parameters(), 31_313);
}

/// A node reads the one before, or those that it lists.
#[test]
fn edges() {
    let edges = |inputs: &[u16]| Edges::from_slice(inputs).unwrap();
    assert_eq!(node(Silu, &[]).edges(7), edges(&[6]));
    assert_eq!(node(Silu, &[2]).edges(7), edges(&[2]));
    assert_eq!(node(Add, &[4, 6]).edges(7), edges(&[4, 6]));
    assert_eq!(node(Time { features: 2 }, &[]).edges(7), edges(&[]));
    assert_eq!(node(Signal, &[]).edges(0), edges(&[]));
    assert_eq!(node(Silu, &[]).edges(0), edges(&[]));
    // What is built lists no more than it must.
    assert_eq!(vapo_format::Node::new(Silu, 7, &[6]), node(Silu, &[]));
    assert_eq!(vapo_format::Node::new(Silu, 7, &[5]), node(Silu, &[5]));
    assert_eq!(vapo_format::Node::new(Add, 7, &[6, 2]), node(Add, &[6, 2]));
}

#[test]
fn walk_of_every_layer_kind() {
    let shape = |channels, height, width| Shape { channels, height, width };
    let conv = |window, stride| Conv { window, stride, channels: 12 };
    let nodes = [
        node(Signal, &[]),
        node(Time { features: 6 }, &[]),
        node(SpaceToDepth, &[0]),
        node(conv([1, 5], [1, 1]), &[]),
        node(Conv::linear(24), &[1]),
        node(Silu, &[3, 4]),
        node(Add, &[2, 5]),
        node(conv([2, 1], [2, 1]), &[]),
        node(Conv::linear(13), &[1]),
        node(Readout, &[7, 8, 0]),
    ];
    let architecture = graph((3, 8, 4), &nodes);
    assert_eq!(architecture.validate(), Ok(()));
    let made: Vec<_> = architecture.walk().map(|placed| (placed.output.extent, placed.output.of_signal)).collect();
    let expected = [
        (shape(3, 8, 4), true),
        (shape(6, 1, 1), false),
        (shape(12, 4, 2), true),
        (shape(12, 4, 2), true),
        (shape(24, 1, 1), false),
        (shape(12, 4, 2), true),
        (shape(12, 4, 2), true),
        (shape(12, 2, 2), true),
        (shape(13, 1, 1), false),
        (shape(1, 1, 1), true),
    ];
    assert_eq!(made, expected);
    for placed in architecture.walk() {
        let read: Vec<_> = placed.edges.iter().map(|&edge| expected[usize::from(edge)]).collect();
        assert_eq!(placed.inputs().iter().map(|input| (input.extent, input.of_signal)).collect::<Vec<_>>(), read);
        assert_eq!(placed.node, nodes[usize::from(placed.index)]);
    }
    let matrices: Vec<_> = architecture.matrices().map(|matrix| (matrix.node, matrix.rows, matrix.columns)).collect();
    assert_eq!(matrices, [(3, 5 * 12, 12), (4, 6, 24), (7, 2 * 12, 12), (8, 6, 13)]);
    // Ends before the node that does not fit.
    assert_eq!(graph((3, 6, 4), &nodes).walk().count(), 7);
}

#[test]
fn multiply_accumulates_by_hand() {
    // Example: 2×3 pixels; embedding 32·1 + 1·1, conv 6·9·1, head 6·1·1, readout 1·2.
    assert_eq!(example().0.architecture().multiply_accumulates(), 33 + 54 + 6 + 2);
    // 4×4×1, embedding 2: 32·2 + 2·2; down to 2×2×3: 4·(4·3); residual: 2·4·(27·3) + film 2·6; head 4·(3·5);
    // readout 2·6.
    let blocks = [Block::Down { channels: 3 }, Block::Residual, Block::Head { channels: 5 }].into_iter().collect();
    let signal = Shape { channels: 1, height: 4, width: 4 };
    let encoder = Encoder { signal, homotopy: Homotopy::Linear, embedding: 2, blocks };
    assert_eq!(encoder.architecture().multiply_accumulates(), 68 + 48 + 648 + 12 + 60 + 12);
}

/// The signal, these nodes from index 1 on, time, and a read-out of the last node's channels.
fn through(signal: (u16, u16, u16), layers: &[Conv], channels: u16) -> Architecture {
    let mut nodes = vec![node(Signal, &[])];
    nodes.extend(layers.iter().map(|&layer| node(layer, &[])));
    let last = nodes.len() as u16 - 1;
    nodes.extend([
        node(Time { features: 2 }, &[]),
        node(Conv::linear(channels + 1), &[]),
        node(Readout, &[last, last + 2, 0]),
    ]);
    graph(signal, &nodes)
}

/// 2²⁴ elements × 921,600 taps is beyond 32 bits.
#[test]
fn multiply_accumulates_of_the_widest_convolution() {
    let window = Conv { window: [15, 15], stride: [1, 1], channels: 1024 };
    let widest = through((1024, 128, 128), &[window], 1024);
    assert_eq!(widest.validate(), Ok(()));
    assert_eq!(widest.multiply_accumulates(), (1 << 24) * (225 * 1024) + 2 * 1025);
}

/// No method overflows for an architecture that validation would refuse.
#[test]
fn counts_of_invalid_architectures_are_finite() {
    let all = u16::MAX;
    let nothing = through((all, all, all), &[], 1);
    assert!(nothing.validate().is_err());
    assert!(nothing.signal.elements() >= 1 << 31);
    // Not even the signal fits.
    assert_eq!((nothing.parameters(), nothing.multiply_accumulates()), (0, 0));
    // Every extent is the greatest: above 2³² parameters.
    let layers = [Conv { window: [15, 15], stride: [1, 1], channels: 4096 }; MAX_NODES - 4];
    let widest = through((4096, 64, 64), &layers, 4095);
    assert!(widest.validate().is_err());
    let of_layers = layers.len() as u64 * (225 * 4096 + 1) * 4096;
    assert_eq!(widest.parameters(), usize::try_from(of_layers + 3 * 4096).unwrap_or(usize::MAX));
    assert_eq!(widest.multiply_accumulates(), layers.len() as u64 * (1 << 24) * (225 * 4096) + 2 * 4096);
    let matrix = widest.matrices().next().expect("a matrix");
    for encoding in [Encoding::Int8, Encoding::Float32] {
        let (a_column, a_weight) = if encoding == Encoding::Int8 { (8, 1) } else { (4, 4) };
        let bytes = 4096_u64 * (a_column + 225 * 4096 * a_weight);
        assert_eq!(matrix.bytes(encoding), usize::try_from(bytes).unwrap_or(usize::MAX));
    }
}
