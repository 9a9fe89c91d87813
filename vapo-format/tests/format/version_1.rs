//! Files of version 1, which the crate reads but does not write.

use crate::corruption::fix_checksum;
use crate::models::{
    Numbers, THRESHOLD, digits, encodings_of_version_1, example, example_numbers, homotopies, numbers, random_numbers,
    signals, thresholds, write, write_with_threshold,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use vapo_format::architecture::MAX_NODES;
use vapo_format::architecture::Placed;
use vapo_format::encoder::{self, MAX_BLOCKS};
use vapo_format::layer::{Conv, SpaceToDepth};
use vapo_format::writer::replace_threshold;
use vapo_format::{
    Architecture, ArchitectureError, Block, Encoding, Error, Fault, Homotopy, Layer, Model, Scaling, Shape, Threshold,
    threshold,
};

/// The fields of a version 1 header up to the encoding, in the order of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Encoder {
    pub(crate) signal: Shape,
    pub(crate) homotopy: Homotopy,
    pub(crate) embedding: u16,
    pub(crate) blocks: heapless::Vec<Block, MAX_BLOCKS>,
}

impl Encoder {
    pub(crate) fn architecture(&self) -> Architecture {
        let mut built =
            encoder::architecture(self.signal, self.homotopy, self.embedding, &self.blocks).expect("an encoder");
        // Version 1 has windows of images alone.
        for node in &mut built.nodes {
            match &mut node.layer {
                Layer::Conv(conv) if conv.window == [1, 3] => *conv = Conv::same3x3(conv.channels),
                Layer::Conv(conv) if conv.window == [1, 2] => *conv = Conv::down2x2(conv.channels),
                _ => {}
            }
        }
        built
    }

    /// The version 1 file: its header, and the matrices of the version 2 file.
    pub(crate) fn file(&self, encoding: Encoding, threshold: Option<Threshold>, matrices: &[Numbers]) -> Vec<u8> {
        let file = write(&self.architecture(), encoding, matrices).expect("valid");
        self.around(encoding, threshold, Model::parse(&file).expect("valid").weights())
    }

    /// A version 1 header, these bytes of matrices, and their checksum.
    fn around(&self, encoding: Encoding, threshold: Option<Threshold>, weights: &[u8]) -> Vec<u8> {
        let mut header = postcard::to_slice(&(self, encoding), &mut [0; 128]).expect("a short header").to_vec();
        header.resize(header.len().next_multiple_of(4), 0);
        if let Some(Threshold { energy, time, false_positive_rate }) = threshold {
            header.extend([energy, time, false_positive_rate].iter().flat_map(|value| value.to_le_bytes()));
        }
        let mut file = b"VAPO\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header);
        file.extend(weights);
        file.extend([0; 4]);
        fix_checksum(&mut file);
        file
    }
}

/// The version 1 file of what was read from one.
pub(crate) fn rewrite(file: &[u8], model: &Model<'_>) -> Vec<u8> {
    let ((encoder, encoding), _) = postcard::take_from_bytes::<(Encoder, Encoding)>(&file[8..]).expect("was read");
    assert_eq!(model.architecture(), encoder.architecture());
    assert_eq!(model.encoding(), encoding);
    encoder.file(encoding, model.threshold(), &numbers(model))
}

/// Valid encoders: random blocks, of which those that do not fit where they stand are left out, and a head.
pub(crate) fn encoders() -> impl Strategy<Value = Encoder> {
    let block = prop_oneof![
        Just(Block::SpaceToDepth),
        Just(Block::Residual),
        (1..10_u16).prop_map(|channels| Block::Conv { channels }),
        (1..10_u16).prop_map(|channels| Block::Down { channels }),
    ];
    let head = prop_oneof![1..10_u16, Just(200)];
    (signals(), homotopies(), 1..20_u16, prop::collection::vec(block, 0..8), head).prop_map(
        |(signal, homotopy, embedding, candidates, channels)| {
            let blocks = [Block::Head { channels }].into_iter().collect();
            let mut encoder = Encoder { signal, homotopy, embedding, blocks };
            for block in candidates {
                let mut longer = encoder.clone();
                longer.blocks.insert(encoder.blocks.len() - 1, block).expect("nine blocks fit");
                // Few channels keep the files small: each space-to-depth has four times as many.
                // Of one row or one column there is none.
                let fits = |placed: Placed| {
                    let block = placed.inputs().first().map(|input| SpaceToDepth::block(input.extent));
                    let narrow = matches!(placed.node.layer, Layer::SpaceToDepth(_)) && block != Some([2, 2]);
                    placed.output.extent.channels <= 201 && !narrow
                };
                if longer.architecture().validate().is_ok() && longer.architecture().walk().all(fits) {
                    encoder = longer;
                }
            }
            encoder
        },
    )
}

/// A version 1 file is its architecture in version 2: same numbers, same bytes of matrices.
#[test]
fn a_file_reads_as_the_nodes_of_its_encoder() {
    for encoding in [Encoding::Int8, Encoding::Float32] {
        let (encoder, matrices) = (example().0, example_numbers(encoding));
        for threshold in [None, Some(THRESHOLD)] {
            let file = encoder.file(encoding, threshold, &matrices);
            let model = Model::parse(&file).unwrap();
            assert_eq!(model.version(), 1);
            assert_eq!((model.encoding(), model.threshold()), (encoding, threshold));
            assert_eq!(model.architecture(), encoder.architecture());
            assert_eq!([model.scaling(0), model.scaling(7)], [Scaling::BYTES; 2]);
            assert_eq!(numbers(&model), matrices);
            assert_eq!(rewrite(&file, &model), file);
            let newer = write_with_threshold(&encoder.architecture(), encoding, threshold, &matrices).unwrap();
            let newer = Model::parse(&newer).unwrap();
            assert_eq!((newer.version(), newer.weights()), (2, model.weights()));
            assert!(newer.nodes().eq(model.nodes()) && newer.walk().eq(model.walk()));
        }
    }
}

/// The files that older releases wrote: the fuzzer starts from them.
#[test]
fn files_of_older_releases_read_as_written() {
    let seeds: [&[u8]; 3] = [
        include_bytes!("../../fuzz/seeds/version-1-int8.vapo"),
        include_bytes!("../../fuzz/seeds/version-1-float32.vapo"),
        include_bytes!("../../fuzz/seeds/version-1-threshold.vapo"),
    ];
    let kinds = [(Encoding::Int8, None), (Encoding::Float32, None), (Encoding::Int8, Some(THRESHOLD))];
    for (seed, (encoding, threshold)) in seeds.into_iter().zip(kinds) {
        assert_eq!(example().0.file(encoding, threshold, &example_numbers(encoding)), seed);
    }
}

#[test]
fn a_threshold_is_added_and_taken_away() {
    let (encoder, matrices) = example();
    let [bare, thresholded] = [None, Some(THRESHOLD)].map(|it| encoder.file(Encoding::Int8, it, &matrices));
    for (from, threshold, to) in [
        (&bare, None, &bare),
        (&bare, Some(THRESHOLD), &thresholded),
        (&thresholded, None, &bare),
        (&thresholded, Some(THRESHOLD), &thresholded),
    ] {
        let model = Model::parse(from).unwrap();
        assert_eq!(model.bytes(), bare.len());
        let mut file = vec![0xa5; to.len() + 3];
        assert_eq!(replace_threshold(&model, threshold, &mut file), Ok(to.len()));
        assert_eq!(file[..to.len()], to[..]);
        assert_eq!(file[to.len()..], [0xa5; 3]);
    }
}

#[test]
fn matrices_keep_their_order() {
    let encoder = digits();
    let matrices = random_numbers(&encoder.architecture(), Encoding::Int8, 3);
    let file = encoder.file(Encoding::Int8, None, &matrices);
    assert_eq!(file.len(), 8 + 20 + 30_936 + 8 * 377 + 4);
    let model = Model::parse(&file).unwrap();
    let extents: Vec<_> = model.matrices().map(|(shape, _)| (shape.rows, shape.columns)).collect();
    // Of the embedding, of each block (in a residual one: conv1, film, conv2) and of the read-out.
    #[rustfmt::skip]
    assert_eq!(extents, [
        (32, 16), (16, 16),
        (9, 8), (72, 8), (16, 16), (72, 8),
        (32, 16), (144, 16), (16, 32), (144, 16),
        (64, 32), (288, 32), (16, 64), (288, 32),
        (32, 32), (16, 33),
    ]);
    assert_eq!(numbers(&model), matrices);
}

/// What is wrong is said of node 0 where a version 1 header says it of no node.
#[test]
fn rules() {
    use Block::{Residual, SpaceToDepth};
    const CONV: Block = Block::Conv { channels: 8 };
    const DOWN: Block = Block::Down { channels: 8 };
    const HEAD: Block = Block::Head { channels: 8 };
    let head = |channels| Block::Head { channels };
    let most = [[Residual; MAX_BLOCKS - 1].as_slice(), &[HEAD]].concat();
    let extent = |found| Err((0, Fault::Extent { found }));
    let activation = |node, elements| Err((node, Fault::Activation { elements }));
    let halved = |node, channels, height, width| {
        Err((node, Fault::Divide { extent: Shape { channels, height, width }, rows: 2, columns: 2 }))
    };
    /// Channels, height and width of the signal; embedding; blocks; what reading says.
    type Case<'l> = ((u16, u16, u16), u16, &'l [Block], Result<(), (u16, Fault)>);
    #[rustfmt::skip]
    let table: &[Case<'_>] = &[
        ((1, 1, 1), 1, &[HEAD], Ok(())),
        ((1, 1, 1), 1, &most, Ok(())),
        ((1, 1024, 1024), 1024, &[HEAD], Ok(())),
        ((16, 1024, 1024), 1024, &[Residual, head(16)], Ok(())),
        ((1024, 128, 128), 1, &[head(1024)], Ok(())),
        ((256, 2, 2), 1, &[SpaceToDepth, HEAD], Ok(())),
        ((1, 4, 4), 1, &[DOWN, SpaceToDepth, HEAD], Ok(())),
        // Extents: fewer channels than version 2 has.
        ((1, 1, 1), 0, &[HEAD], extent(0)),
        ((1, 1, 1), 1025, &[HEAD], extent(1025)),
        ((0, 1, 1), 1, &[HEAD], extent(0)),
        ((1, 0, 1), 1, &[HEAD], extent(0)),
        ((1, 1, 0), 1, &[HEAD], extent(0)),
        ((1025, 1, 1), 1, &[HEAD], extent(1025)),
        ((1, 65535, 1), 1, &[HEAD], extent(65535)),
        ((1, 1, 65535), 1, &[HEAD], extent(65535)),
        ((65535, 65535, 65535), 1, &[HEAD], extent(65535)),
        ((1, 1, 1), 1, &[Block::Conv { channels: 0 }, HEAD], extent(0)),
        ((1, 1, 1), 1, &[Block::Conv { channels: 1025 }, HEAD], extent(1025)),
        ((1, 2, 2), 1, &[Block::Down { channels: 0 }, HEAD], extent(0)),
        ((1, 1, 1), 1, &[head(65535)], extent(65535)),
        ((257, 2, 2), 1, &[SpaceToDepth, HEAD], extent(1028)),
        // Activations
        ((17, 1024, 1024), 1, &[HEAD], activation(0, 17 << 20)),
        ((1024, 1024, 1024), 1, &[HEAD], activation(0, 1 << 30)),
        ((1, 1024, 1024), 1, &[Block::Conv { channels: 17 }, HEAD], activation(6, 17 << 20)),
        ((1, 1024, 1024), 1, &[head(1024)], activation(7, 1 << 30)),
        // Halving
        ((1, 3, 2), 1, &[DOWN, HEAD], halved(6, 1, 3, 2)),
        ((1, 2, 3), 1, &[SpaceToDepth, HEAD], halved(6, 1, 2, 3)),
        ((1, 1, 1), 1, &[DOWN, HEAD], halved(6, 1, 1, 1)),
        ((1, 6, 6), 1, &[DOWN, DOWN, HEAD], halved(7, 8, 3, 3)),
        // Head
        ((1, 1, 1), 1, &[], Err((0, Fault::Head))),
        ((1, 1, 1), 1, &[CONV], Err((0, Fault::Head))),
        ((1, 1, 1), 1, &[HEAD, HEAD], Err((0, Fault::Head))),
        ((1, 1, 1), 1, &[HEAD, Residual], Err((0, Fault::Head))),
    ];
    for &((channels, height, width), embedding, blocks, expected) in table {
        let signal = Shape { channels, height, width };
        let encoder =
            Encoder { signal, homotopy: Homotopy::Linear, embedding, blocks: blocks.iter().copied().collect() };
        let file = encoder.around(Encoding::Int8, None, &[]);
        let refused = Model::parse(&file).map(drop).expect_err("no matrices");
        let expected = expected.map_err(|(node, fault)| Error::Architecture(ArchitectureError { node, fault }));
        match expected {
            // Past the architecture, matrices are missing.
            Ok(()) => assert!(matches!(refused, Error::TooShort { .. }), "{encoder:?}: {refused:?}"),
            Err(expected) => assert_eq!(refused, expected, "{encoder:?}"),
        }
    }
}

#[test]
fn an_encoder_ends_in_its_only_head() {
    let signal = Shape { channels: 1, height: 1, width: 1 };
    let head = Block::Head { channels: 1 };
    let architecture = |blocks: &[Block]| encoder::architecture(signal, Homotopy::Linear, 1, blocks);
    let refused = |node, fault| Err(ArchitectureError { node, fault });
    for blocks in [&[][..], &[Block::Residual], &[head, head], &[head, Block::Residual]] {
        assert_eq!(architecture(blocks), refused(0, Fault::Head), "{blocks:?}");
    }
    // Ten nodes beside those of the convolutions: of the embedding, of the head and of the read-out.
    let convolutions = |count| [vec![Block::Conv { channels: 1 }; count], vec![head]].concat();
    let most = MAX_NODES - 10;
    assert_eq!(architecture(&convolutions(most)).unwrap().validate(), Ok(()));
    assert_eq!(architecture(&convolutions(most + 1)), refused(MAX_NODES as u16, Fault::Nodes));
}

/// The nodes of every block, as the specification's section 12.3 lists them.
#[test]
fn nodes_of_every_block() {
    let blocks = [
        Block::SpaceToDepth,
        Block::Conv { channels: 3 },
        Block::Residual,
        Block::Down { channels: 5 },
        Block::Head { channels: 6 },
    ];
    let signal = Shape { channels: 2, height: 4, width: 8 };
    let architecture = encoder::architecture(signal, Homotopy::Bayes, 7, &blocks).unwrap();
    assert_eq!(architecture.validate(), Ok(()));
    let nodes: Vec<_> = architecture.walk().map(|it| (it.node.layer.to_string(), it.edges.to_vec())).collect();
    #[rustfmt::skip]
    let expected: &[(&str, &[u16])] = &[
        ("signal", &[]), ("time 32", &[]), ("linear 7", &[1]), ("silu", &[2]), ("linear 7", &[3]), ("silu", &[4]),
        ("space-to-depth", &[0]),
        ("conv 3×3 3", &[6]),
        ("silu", &[7]), ("conv 3×3 3", &[8]), ("linear 6", &[5]), ("silu", &[9, 10]), ("conv 3×3 3", &[11]), ("add", &[7, 12]),
        ("down 2×2 5", &[13]),
        ("silu", &[14]), ("linear 6", &[15]),
        ("linear 7", &[5]), ("readout", &[16, 17, 0]),
    ];
    assert_eq!(nodes, expected.iter().map(|(name, edges)| (name.to_string(), edges.to_vec())).collect::<Vec<_>>());
    assert_eq!(blocks.map(|block| block.to_string()), ["space-to-depth", "conv 3", "residual", "down 5", "head 6"]);
}

proptest! {
    #[test]
    fn random_files_read_as_their_encoders(
        encoder in encoders(), encoding in encodings_of_version_1(), threshold in thresholds(), other in thresholds(), seed: u64,
    ) {
        let architecture = encoder.architecture();
        prop_assert_eq!(architecture.validate(), Ok(()));
        let matrices = random_numbers(&architecture, encoding, seed);
        let file = encoder.file(encoding, threshold, &matrices);
        let model = Model::parse(&file).unwrap();
        prop_assert_eq!((model.version(), model.threshold()), (1, threshold));
        prop_assert_eq!(&numbers(&model), &matrices);
        prop_assert_eq!(&rewrite(&file, &model), &file);
        let mut replaced = vec![0; model.bytes() + other.map_or(0, |_| threshold::BYTES)];
        prop_assert_eq!(replace_threshold(&model, other, &mut replaced), Ok(replaced.len()));
        prop_assert_eq!(replaced, encoder.file(encoding, other, &matrices));
    }
}
