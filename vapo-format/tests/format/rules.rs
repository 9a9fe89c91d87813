//! Rules of architectures: a table of what breaks each.

use vapo_format::architecture::{Edges, MAX_NODES, MAX_SCALINGS, MAX_WEIGHTS};
use vapo_format::layer::{Add, Concat, Conv, Readout, Signal, Silu, SpaceToDepth, Time, Up};
use vapo_format::{
    Architecture, ArchitectureError, Block, Encoding, Error, Fault, Homotopy, Layer, Model, Node, Scaling, Shape,
    encoder,
};

/// A layer and what it lists, as it is on file.
pub(crate) fn node(layer: impl Into<Layer>, inputs: &[u16]) -> Node {
    Node { layer: layer.into(), inputs: Edges::from_slice(inputs).expect("three inputs at most") }
}

/// An architecture of these nodes.
pub(crate) fn graph((channels, height, width): (u16, u16, u16), nodes: &[Node]) -> Architecture {
    let mut architecture = Architecture::new(Shape { channels, height, width }, Homotopy::Linear);
    architecture.nodes = nodes.iter().cloned().collect();
    architecture
}

/// The signal, time and its factors for a read-out of so many channels: nodes 0 to 2.
fn start(channels: u16) -> [Node; 3] {
    [node(Signal, &[]), node(Time { features: 2 }, &[]), node(Conv::linear(channels + 1), &[])]
}

/// [`start`], these nodes from index 3 on, and the read-out of the last.
fn between(channels: u16, nodes: &[Node]) -> Vec<Node> {
    let last = 2 + nodes.len() as u16;
    [&start(channels), nodes, &[node(Readout, &[last, 2, 0])]].concat()
}

fn checked(architecture: &Architecture) -> Result<(), (u16, Fault)> {
    architecture.validate().map_err(|ArchitectureError { node, fault }| (node, fault))
}

fn conv(window: [u8; 2], stride: [u8; 2], channels: u16) -> Layer {
    Conv { window, stride, channels }.into()
}

const fn shape(channels: u16, height: u16, width: u16) -> Shape {
    Shape { channels, height, width }
}

/// Extent of the signal, nodes, what validation says.
type Case = ((u16, u16, u16), Vec<Node>, Result<(), (u16, Fault)>);

fn check(table: &[Case]) {
    for (signal, nodes, expected) in table {
        assert_eq!(checked(&graph(*signal, nodes)), *expected, "{signal:?} {nodes:?}");
    }
}

#[test]
fn extents() {
    let linear = |channels| between(channels, &[node(Conv::linear(channels), &[0])]);
    let extent = |node, found| Err((node, Fault::Extent { found }));
    let activation = |node, elements| Err((node, Fault::Activation { elements }));
    check(&[
        ((1, 1, 1), linear(1), Ok(())),
        ((1, 1024, 1024), linear(16), Ok(())),
        ((4096, 1, 1), linear(1), Ok(())),
        ((1, 1, 1), linear(4095), Ok(())),
        ((0, 1, 1), linear(1), extent(0, 0)),
        ((1, 0, 1), linear(1), extent(0, 0)),
        ((1, 1, 0), linear(1), extent(0, 0)),
        ((4097, 1, 1), linear(1), extent(0, 4097)),
        ((1, 1025, 1), linear(1), extent(0, 1025)),
        ((1, 1, 1025), linear(1), extent(0, 1025)),
        ((65535, 65535, 65535), linear(1), extent(0, 65535)),
        ((1, 1, 1), linear(0), extent(3, 0)),
        ((1, 1, 1), linear(4096), extent(2, 4097)),
        ((1024, 2, 2), between(4095, &[node(SpaceToDepth, &[0]), node(Conv::linear(4095), &[])]), Ok(())),
        ((1025, 2, 2), between(1, &[node(SpaceToDepth, &[0])]), extent(3, 4100)),
        // 2²⁴ elements are the most.
        ((16, 1024, 1024), linear(16), Ok(())),
        ((17, 1024, 1024), linear(1), activation(0, 17 << 20)),
        ((1, 1024, 1024), linear(17), activation(3, 17 << 20)),
        ((1024, 1024, 1024), linear(1), activation(0, 1 << 30)),
        // 2³² of them are one more than can be said.
        ((4096, 1024, 1024), linear(1), activation(0, u32::MAX)),
    ]);
}

#[test]
fn inputs() {
    let count = |node, least, most, found| Err((node, Fault::Inputs { least, most, found }));
    let edge = |node, found| Err((node, Fault::Edge { found }));
    let readout = |inputs: &[u16]| [&start(1)[..], &[node(Silu, &[0]), node(Readout, inputs)]].concat();
    let one = |layer: Node| between(1, &[layer, node(Conv::linear(1), &[])]);
    let (signal, linear) = (node(Signal, &[]), node(Conv::linear(1), &[0]));
    check(&[
        ((1, 1, 1), readout(&[3, 2, 0]), Ok(())),
        // The signal comes first, and nowhere else, and reads nothing.
        ((1, 1, 1), vec![], Err((0, Fault::Readout))),
        ((1, 1, 1), between(1, std::slice::from_ref(&linear))[1..].to_vec(), Err((0, Fault::Signal))),
        ((1, 1, 1), between(1, &[signal.clone(), node(Add, &[0, 3])]), Err((3, Fault::Signal))),
        ((1, 1, 1), vec![node(Signal, &[0])], Err((0, Fault::Signal))),
        // The read-out comes last, and nowhere else.
        ((1, 1, 1), vec![signal.clone()], Err((0, Fault::Readout))),
        ((1, 1, 1), start(1).to_vec(), Err((2, Fault::Readout))),
        ((1, 1, 1), [&readout(&[3, 2, 0])[..], &[node(Silu, &[])]].concat(), Err((4, Fault::Readout))),
        ((1, 1, 1), [&readout(&[3, 2, 0])[..], &[node(Readout, &[3, 2, 0])]].concat(), Err((4, Fault::Readout))),
        // Its third input is the signal.
        ((1, 1, 1), between(1, &[linear.clone(), linear.clone()]), Err((3, Fault::Unused))),
        (
            (1, 1, 1),
            [&between(1, &[linear.clone(), node(Silu, &[])])[..5], &[node(Readout, &[4, 2, 3])]].concat(),
            edge(5, 3),
        ),
        // How many each layer reads.
        ((1, 1, 1), one(node(Time { features: 2 }, &[0])), count(3, 0, 0, 1)),
        ((1, 1, 1), one(node(Conv::linear(1), &[0, 1])), count(3, 1, 1, 2)),
        ((1, 1, 1), one(node(SpaceToDepth, &[0, 1])), count(3, 1, 1, 2)),
        ((1, 1, 1), one(node(Silu, &[0, 1, 2])), count(3, 1, 2, 3)),
        ((1, 1, 1), one(node(Add, &[])), count(3, 2, 2, 1)),
        ((1, 1, 1), one(node(Add, &[0])), count(3, 2, 2, 1)),
        ((1, 1, 1), one(node(Add, &[0, 1, 2])), count(3, 2, 2, 3)),
        ((1, 1, 1), readout(&[]), count(4, 3, 3, 1)),
        ((1, 1, 1), readout(&[3, 2]), count(4, 3, 3, 2)),
        // Earlier nodes, none twice.
        ((1, 1, 1), one(node(Conv::linear(1), &[3])), edge(3, 3)),
        ((1, 1, 1), one(node(Conv::linear(1), &[4])), edge(3, 4)),
        ((1, 1, 1), one(node(Conv::linear(1), &[65535])), edge(3, 65535)),
        ((1, 1, 1), one(node(Add, &[0, 0])), edge(3, 0)),
        ((1, 1, 1), one(node(Add, &[0, 4])), edge(3, 4)),
        ((1, 1, 1), readout(&[0, 2, 0]), edge(4, 0)),
        // The one before alone is not listed.
        ((1, 1, 1), one(node(Conv::linear(1), &[2])), edge(3, 2)),
        ((1, 1, 1), one(node(Silu, &[2])), edge(3, 2)),
        // Each is read.
        ((1, 1, 1), one(linear.clone()), Ok(())),
        (
            (1, 1, 1),
            between(1, &[node(Silu, &[0]), node(Time { features: 2 }, &[]), node(Silu, &[3])]),
            Err((4, Fault::Unused)),
        ),
    ]);
}

#[test]
fn convolutions() {
    let one = |signal: (u16, u16, u16), layer: Layer, expected| (signal, between(1, &[node(layer, &[0])]), expected);
    let window = |window, stride| Err((3, Fault::Window { window, stride }));
    let divide = |extent, rows, columns| Err((3, Fault::Divide { extent, rows, columns }));
    let valid = [
        ([1, 1], [1, 1]),
        ([3, 3], [1, 1]),
        ([1, 3], [1, 1]),
        ([3, 1], [1, 1]),
        ([15, 15], [1, 1]),
        ([1, 15], [1, 1]),
        ([2, 2], [2, 2]),
        ([2, 1], [2, 1]),
        ([1, 15], [1, 15]),
        ([15, 15], [15, 15]),
    ];
    for (window, stride) in valid {
        check(&[one((1, 30, 30), conv(window, stride, 1), Ok(()))]);
    }
    let refused = [
        ([2, 2], [1, 1]),
        ([2, 3], [1, 1]),
        ([3, 2], [1, 1]),
        ([1, 2], [1, 1]),
        ([3, 3], [2, 2]),
        ([3, 3], [1, 2]),
        ([3, 3], [1, 3]),
        ([1, 1], [2, 2]),
        ([0, 0], [0, 0]),
        ([0, 1], [0, 1]),
        ([1, 0], [1, 1]),
        ([17, 17], [1, 1]),
        ([16, 16], [16, 16]),
        ([1, 17], [1, 1]),
        ([255, 255], [255, 255]),
        ([3, 3], [0, 0]),
    ];
    for (extents, stride) in refused {
        check(&[one((1, 240, 240), conv(extents, stride, 1), window(extents, stride))]);
    }
    check(&[
        one((1, 4, 3), conv([2, 1], [2, 1], 1), Ok(())),
        one((1, 3, 4), conv([2, 1], [2, 1], 1), divide(shape(1, 3, 4), 2, 1)),
        one((1, 4, 3), conv([2, 2], [2, 2], 1), divide(shape(1, 4, 3), 2, 2)),
        one((1, 1, 1), conv([2, 2], [2, 2], 1), divide(shape(1, 1, 1), 2, 2)),
        one((2, 2, 3), SpaceToDepth.into(), divide(shape(2, 2, 3), 2, 2)),
        one((2, 3, 2), SpaceToDepth.into(), divide(shape(2, 3, 2), 2, 2)),
        // An axis of extent 1 stays, but not both.
        ((2, 1, 4), between(4, &[node(SpaceToDepth, &[0])]), Ok(())),
        ((2, 4, 1), between(4, &[node(SpaceToDepth, &[0])]), Ok(())),
        one((2, 1, 3), SpaceToDepth.into(), divide(shape(2, 1, 3), 1, 2)),
        one((2, 3, 1), SpaceToDepth.into(), divide(shape(2, 3, 1), 2, 1)),
        one((2, 1, 1), SpaceToDepth.into(), divide(shape(2, 1, 1), 2, 2)),
        // A window may be larger than the input.
        one((1, 1, 1), conv([15, 15], [1, 1], 1), Ok(())),
    ]);
}

#[test]
fn extents_of_inputs() {
    let (time, linear) =
        (|features| node(Time { features }, &[]), |channels, input| node(Conv::linear(channels), &[input]));
    let factor = |found| Err((3, Fault::Factor { found }));
    let features = |found| Err((3, Fault::Features { found }));
    let unlike = |node, first, second| Err((node, Fault::Unlike { first, second }));
    let vector = |node, channels, found, of_signal| Err((node, Fault::Vector { channels, found, of_signal }));
    for found in [0, 1, 3, 31, 33, 34, 255] {
        check(&[((1, 1, 1), between(1, &[time(found), node(Conv::linear(2), &[])]), features(found))]);
    }
    for valid in [2, 4, 30, 32] {
        let film = [time(valid), node(Conv::linear(2), &[]), linear(1, 0), node(Silu, &[5, 4])];
        check(&[((1, 1, 1), between(1, &film), Ok(()))]);
    }
    check(&[
        // Add
        ((2, 4, 4), between(2, &[linear(2, 0), node(Add, &[0, 3])]), Ok(())),
        ((2, 4, 4), between(3, &[linear(3, 0), node(Add, &[0, 3])]), unlike(4, shape(2, 4, 4), shape(3, 4, 4))),
        (
            (2, 4, 4),
            between(2, &[node(conv([2, 2], [2, 2], 2), &[0]), node(Add, &[3, 0])]),
            unlike(4, shape(2, 2, 2), shape(2, 4, 4)),
        ),
        // Concat: the same height and width, whatever the channels
        ((2, 4, 4), between(5, &[linear(3, 0), node(Concat, &[0, 3])]), Ok(())),
        (
            (2, 4, 4),
            between(4, &[node(conv([2, 2], [2, 2], 2), &[0]), node(Concat, &[3, 0])]),
            unlike(4, shape(2, 2, 2), shape(2, 4, 4)),
        ),
        ((2, 4, 4), between(1, &[linear(4095, 0), node(Concat, &[0, 3])]), Err((4, Fault::Extent { found: 4097 }))),
        // Up: twice the height and width, or one of both
        (
            (2, 2, 2),
            between(4, &[node(Up::BOTH, &[0]), node(conv([2, 2], [2, 2], 2), &[]), node(Concat, &[4, 0])]),
            Ok(()),
        ),
        ((1, 513, 1), between(1, &[node(Up::BOTH, &[0])]), Err((3, Fault::Extent { found: 1026 }))),
        ((1, 1, 513), between(1, &[node(Up::BOTH, &[0])]), Err((3, Fault::Extent { found: 1026 }))),
        ((1, 513, 1), between(1, &[node(Up::ALONG, &[0])]), Ok(())),
        ((2, 1, 2), between(6, &[node(Up::ALONG, &[0]), node(SpaceToDepth, &[]), node(Concat, &[4, 0])]), Ok(())),
        ((1, 1, 2), between(1, &[node(Up { factor: [2, 1] }, &[0])]), Ok(())),
        ((1, 1, 2), between(1, &[node(Up { factor: [1, 1] }, &[0])]), factor([1, 1])),
        ((1, 1, 2), between(1, &[node(Up { factor: [0, 2] }, &[0])]), factor([0, 2])),
        ((1, 1, 2), between(1, &[node(Up { factor: [2, 3] }, &[0])]), factor([2, 3])),
        // Film: twice the channels, one pixel, not of the signal
        ((2, 4, 4), between(2, &[linear(4, 1), node(Silu, &[0, 3])]), Ok(())),
        ((2, 4, 4), between(2, &[linear(2, 1), node(Silu, &[0, 3])]), vector(4, 4, shape(2, 1, 1), false)),
        ((2, 1, 1), between(2, &[linear(4, 0), node(Silu, &[0, 3])]), vector(4, 4, shape(4, 1, 1), true)),
        ((2, 2, 1), between(2, &[linear(4, 0), node(Silu, &[0, 3])]), vector(4, 4, shape(4, 2, 1), true)),
        // Read-out: one more than the channels, one pixel, not of the signal
        ((2, 4, 4), between(2, &[linear(3, 0)]), vector(4, 4, shape(3, 1, 1), false)),
        (
            (2, 4, 4),
            [&start(2)[..], &[linear(2, 0), linear(3, 0), node(Readout, &[3, 4, 0])]].concat(),
            vector(5, 3, shape(3, 4, 4), true),
        ),
        (
            (2, 1, 1),
            [&start(2)[..], &[linear(2, 0), linear(3, 0), node(Readout, &[3, 4, 0])]].concat(),
            vector(5, 3, shape(3, 1, 1), true),
        ),
        ((2, 4, 4), [&start(2)[..], &[linear(2, 1), node(Readout, &[3, 2, 0])]].concat(), Err((4, Fault::NotOfSignal))),
        // What depends on a node of the signal depends on the signal.
        (
            (1, 1, 1),
            between(1, &[linear(2, 0), linear(2, 1), node(Add, &[4, 3]), node(Silu, &[0, 5])]),
            vector(6, 2, shape(2, 1, 1), true),
        ),
    ]);
}

#[test]
fn numbers_of_nodes() {
    let chain = |count: usize| between(1, &[vec![node(Conv::linear(1), &[0])], vec![node(Silu, &[]); count]].concat());
    check(&[((1, 1, 1), chain(MAX_NODES - 5), Ok(()))]);
    let mut architecture = graph((1, 1, 1), &chain(MAX_NODES - 5));
    let refused = ArchitectureError { node: MAX_NODES as u16, fault: Fault::Nodes };
    assert_eq!(architecture.push(Silu, &[3]), Err(refused));
    // A node of four inputs does not lose one of them.
    architecture.nodes.pop();
    let refused = |least, most| Err((MAX_NODES as u16 - 1, Fault::Inputs { least, most, found: 4 }));
    let push = |architecture: &mut Architecture, layer: Layer| {
        architecture.push(layer, &[3, 2, 0, 1]).map(drop).map_err(|ArchitectureError { node, fault }| (node, fault))
    };
    assert_eq!(push(&mut architecture, Readout.into()), refused(3, 3));
    assert_eq!(push(&mut architecture, Silu.into()), refused(1, 2));
    assert_eq!(architecture.push(Readout, &[MAX_NODES as u16 - 2, 2, 0]), Ok(MAX_NODES as u16 - 1));
    assert_eq!(architecture.validate(), Ok(()));
    // A file may say more than an `Architecture` holds.
    for count in [MAX_NODES + 1, 20_000] {
        let refused = ArchitectureError { node: MAX_NODES as u16, fault: Fault::Nodes };
        assert_eq!(Model::parse(&file_of(&chain(count - 5))).map(drop), Err(Error::Architecture(refused)), "{count}");
    }
}

/// The file of these nodes up to its matrices, for a signal of one value.
fn file_of(nodes: &[Node]) -> Vec<u8> {
    let (signal, classes) = (shape(1, 1, 1), 0_u16);
    let start = (signal, &[Scaling::BYTES][..], Homotopy::Linear, classes);
    let mut header = postcard::to_slice(&(start, nodes, Encoding::Int8), &mut [0; 1 << 16]).expect("a header").to_vec();
    header.resize(header.len().next_multiple_of(4), 0);
    [&b"VAPO\x02\x00"[..], &(header.len() as u16).to_le_bytes(), &header].concat()
}

/// 31 linear maps of 4096 channels to as many, 67 MB each, and three that fill up what is left.
#[test]
fn bytes_of_weights() {
    let chain = |last: u16| {
        let widths = [4096; 30].into_iter().chain([4059, 1, last]);
        let linear = widths.map(|channels| node(Conv::linear(channels), &[]));
        let nodes: Vec<Node> = [node(Conv::linear(4096), &[0])].into_iter().chain(linear).collect();
        graph((4096, 1, 1), &between(last, &nodes))
    };
    let most = chain(14);
    assert_eq!((checked(&most), 4 * most.parameters()), (Ok(()), MAX_WEIGHTS));
    // One channel more is more than fits, and the last matrix of them does not.
    assert_eq!(checked(&chain(15)), Err((36, Fault::Weights)));
    // A matrix beyond 32 bits
    let widest = between(4095, &[node(conv([15, 15], [1, 1], 4096), &[0]), node(Conv::linear(4095), &[])]);
    assert_eq!(checked(&graph((4096, 1, 1), &widest)), Err((3, Fault::Weights)));
}

#[test]
fn classes() {
    let mut without = graph((1, 1, 1), &between(1, &[node(Silu, &[0])]));
    for expected in [1, 10, 65535] {
        without.classes = expected;
        assert_eq!(checked(&without), Err((0, Fault::Classes { expected, found: 0 })));
    }
    let blocks = [Block::Conv { channels: 2 }, Block::Residual, Block::Head { channels: 2 }];
    let of = |classes| encoder::conditional(shape(1, 2, 2), Homotopy::Linear, 3, classes, &blocks).unwrap();
    for classes in [1, 10, 4096] {
        let mut architecture = of(classes);
        assert_eq!(checked(&architecture), Ok(()), "{classes}");
        // The embedding: a row a class, and a bias for none.
        assert_eq!(architecture.parameters(), of(0).parameters() + usize::from(classes + 1) * 3);
        architecture.classes += 1;
        assert_eq!(checked(&architecture), Err((5, Fault::Classes { expected: classes + 1, found: classes })));
    }
    assert_eq!(checked(&of(4097)), Err((5, Fault::Extent { found: 4097 })));
    assert_eq!(of(0), encoder::architecture(shape(1, 2, 2), Homotopy::Linear, 3, &blocks).unwrap());
}

#[test]
fn scalings() {
    let valid = Scaling { offset: -3.5, scale: 0.25 };
    let check = |channels: u16, scalings: &[Scaling], expected: Result<(), ()>| {
        let mut architecture = graph((channels, 1, 1), &between(channels, &[node(Silu, &[0])]));
        architecture.scaling = scalings.iter().copied().collect();
        let expected = expected.map_err(|()| (0, Fault::Scaling));
        assert_eq!(checked(&architecture), expected, "{channels} channels, {scalings:?}");
        architecture
    };
    check(3, &[valid], Ok(()));
    check(3, &[valid; 3], Ok(()));
    check(1, &[valid], Ok(()));
    check(MAX_SCALINGS as u16, &[valid; MAX_SCALINGS], Ok(()));
    check(MAX_SCALINGS as u16 + 1, &[valid], Ok(()));
    check(3, &[], Err(()));
    check(3, &[valid; 2], Err(()));
    check(3, &[valid; 4], Err(()));
    check(1, &[valid; 2], Err(()));
    check(MAX_SCALINGS as u16 + 1, &[valid; MAX_SCALINGS], Err(()));
    for (offset, scale) in
        [(f32::NAN, 1.0), (f32::INFINITY, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, f32::NAN), (0.0, f32::INFINITY)]
    {
        let refused = Scaling { offset, scale };
        check(3, &[refused], Err(()));
        check(3, &[valid, valid, refused], Err(()));
    }
    let other = Scaling { offset: 7.0, scale: 2.0 };
    let one = check(3, &[valid], Ok(()));
    assert_eq!([0, 1, 2].map(|channel| one.scaling(channel)), [valid; 3]);
    let each = check(2, &[valid, other], Ok(()));
    assert_eq!([0, 1].map(|channel| each.scaling(channel)), [valid, other]);
}
