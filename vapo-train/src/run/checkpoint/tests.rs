use super::*;
use crate::files::digest::{hexadecimal, sha256};
use crate::files::seal;
use crate::potential::encoder::Encoder;
use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::fs;
use tempfile::TempDir;
use vapo_format::layer::Conv;
use vapo_format::{Block, Homotopy, Shape};

fn encoder(channels: u16) -> Encoder {
    let image = Shape { channels: 1, height: 4, width: 4 };
    let layers =
        vec![Block::Conv { channels }, Block::Residual, Block::Down { channels: 2 }, Block::Head { channels: 3 }];
    Encoder { image, homotopy: Homotopy::Linear, embedding: 2, classes: 0, layers }
}

fn architecture(channels: u16) -> Architecture {
    encoder(channels).architecture().unwrap()
}

/// Node of the stem's convolution: before it lie the signal, time and the four nodes of the embedding.
const STEM: &str = "nodes.6";

fn checkpoint(architecture: &Architecture) -> Checkpoint {
    let snapshot = |step, scale: f32| {
        let values = |factor: f32| (0..architecture.parameters()).map(|index| factor * scale * index as f32).collect();
        Snapshot {
            step,
            parameters: values(0.5),
            ema: values(-0.25),
            first_moment: values(1e-30),
            second_moment: values(7.0),
            generator: [1, u32::MAX, 3, 1 << 31],
        }
    };
    Checkpoint { now: snapshot(1 << 40, 1.0), before_rest: Some(snapshot(5, 3.0)), run: Some([7; 32]) }
}

type Owned = (String, Dtype, Vec<usize>, Vec<u8>);

/// The bytes of a checkpoint whose tensors were edited, with a seal of their own unless there is none any more.
fn edited(checkpoint: &Checkpoint, architecture: &Architecture, edit: impl Fn(&mut Vec<Owned>)) -> Vec<u8> {
    let bytes = checkpoint.to_bytes(architecture).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let owned = |(name, t): (String, TensorView<'_>)| (name, t.dtype(), t.shape().to_vec(), t.data().to_vec());
    let mut tensors: Vec<_> = file.tensors().into_iter().map(owned).collect();
    edit(&mut tensors);
    let sealed = tensors.iter().any(|tensor| tensor.0 == seal::NAME);
    let views =
        tensors.iter().map(|(name, dtype, shape, data)| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    let mut bytes = safetensors::serialize(views, None).unwrap();
    if sealed {
        seal::close(&mut bytes);
    }
    bytes
}

#[test]
fn what_is_saved_is_loaded() {
    let (folder, architecture) = (TempDir::new().unwrap(), architecture(2));
    let (path, checkpoint) = (folder.path().join("checkpoint.safetensors"), checkpoint(&architecture));
    checkpoint.save(&path, &architecture).unwrap();
    assert_eq!(Checkpoint::load(&path, &architecture).unwrap(), checkpoint);
    // The same state gives the same bytes, whatever order a hash map had.
    assert_eq!(fs::read(&path).unwrap(), checkpoint.to_bytes(&architecture).unwrap());
}

#[test]
fn tensors_are_named_and_laid_out_as_documented() {
    let architecture = architecture(2);
    let bytes = checkpoint(&architecture).to_bytes(&architecture).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.names().len(), 2 * (2 + 4 * 2 * architecture.matrices().count()) + 2);
    // The seal is the last tensor, and that of all bytes before it.
    let (all, last) = bytes.split_last_chunk::<32>().unwrap();
    let seal = file.tensor("sha256").unwrap();
    assert_eq!((seal.dtype(), seal.shape(), seal.data()), (Dtype::U8, &[32][..], &last[..]));
    assert_eq!(hexadecimal(last), sha256(all));
    // The embedding's two matrices and their biases come first: (32 + 1)·2 + (2 + 1)·2 parameters.
    let weight = file.tensor(&format!("parameters.{STEM}.weight")).unwrap();
    assert_eq!((weight.dtype(), weight.shape()), (Dtype::F32, &[9, 2][..]));
    assert_eq!(weight.data()[..4], 36.0_f32.to_le_bytes());
    let bias = file.tensor(&format!("ema.{STEM}.bias")).unwrap();
    assert_eq!((bias.shape(), &bias.data()[..4]), (&[2][..], &(-22.5_f32).to_le_bytes()[..]));
}

#[test]
fn another_architecture_is_told_by_its_first_difference() {
    let (two, four) = (architecture(2), architecture(4));
    let bytes = checkpoint(&two).to_bytes(&two).unwrap();
    let refused = Checkpoint::from_bytes(&bytes, &four).unwrap_err().to_string();
    let expected = "expected `parameters.nodes.6.weight` as F32 of shape [9, 4], found F32 of shape [9, 2]";
    assert_eq!(refused, expected);
    let mut longer = encoder(2);
    longer.layers.insert(2, Block::Residual);
    let refused = Checkpoint::from_bytes(&bytes, &longer.architecture().unwrap()).unwrap_err();
    // A second block has its first convolution where the file has the head.
    let expected = "expected `parameters.nodes.14.weight` as F32 of shape [18, 2], found F32 of shape [2, 3]";
    assert!(matches!(&refused, Mismatch::Missing { .. } | Mismatch::Kind { .. }), "{refused}, {expected}");
    let mut shorter = encoder(2);
    shorter.layers.remove(1);
    let refused = Checkpoint::from_bytes(&bytes, &shorter.architecture().unwrap());
    assert!(matches!(refused, Err(Mismatch::Missing { name }) if name == "parameters.nodes.7.weight"));
}

#[test]
fn tensors_too_many_or_of_another_type_are_refused() {
    let architecture = architecture(2);
    let checkpoint = checkpoint(&architecture);
    let read =
        |edit: fn(&mut Vec<Owned>)| Checkpoint::from_bytes(&edited(&checkpoint, &architecture, edit), &architecture);
    assert_eq!(read(|_| {}).unwrap(), checkpoint);
    let refused = read(|tensors| tensors.push(("extra".to_owned(), Dtype::U8, vec![1], vec![0])));
    assert!(matches!(refused, Err(Mismatch::Unexpected { name }) if name == "extra"));
    let refused = read(|tensors| tensors.iter_mut().filter(|t| t.0 == "generator").for_each(|t| t.1 = Dtype::I32));
    assert!(matches!(refused, Err(Mismatch::Kind { name, .. }) if name == "generator"));
    for missing in ["step", "before_rest.step"] {
        let bytes = edited(&checkpoint, &architecture, |tensors| tensors.retain(|tensor| tensor.0 != missing));
        let refused = Checkpoint::from_bytes(&bytes, &architecture);
        assert!(matches!(refused, Err(Mismatch::Missing { name }) if name == missing));
    }
}

#[test]
fn files_of_before_seals_rest_and_digests_are_read() {
    let architecture = architecture(2);
    let whole = checkpoint(&architecture);
    let bytes = edited(&whole, &architecture, |tensors| {
        tensors.retain(|(name, ..)| name != seal::NAME && name != "run");
        tensors.retain(|(name, ..)| !name.starts_with("before_rest."));
    });
    let read = Checkpoint::from_bytes(&bytes, &architecture).unwrap();
    assert_eq!(read, Checkpoint { before_rest: None, run: None, ..whole });
}

/// The names that a file's tensors had before there were nodes.
fn renamed(checkpoint: &Checkpoint, encoder: &Encoder) -> Vec<u8> {
    let architecture = encoder.architecture().unwrap();
    let nodes: Vec<String> = architecture.matrices().map(|matrix| format!(".{matrix}.")).collect();
    edited(checkpoint, &architecture, |tensors| {
        for (name, ..) in tensors {
            if let Some(matrix) = nodes.iter().position(|node| name.contains(node)) {
                *name = name.replace(&nodes[matrix], &format!(".{}.", encoder.matrix_names()[matrix]));
            }
        }
    })
}

#[test]
fn files_of_before_nodes_are_read_by_their_layers() {
    let encoder = encoder(2);
    let architecture = encoder.architecture().unwrap();
    let whole = checkpoint(&architecture);
    let bytes = renamed(&whole, &encoder);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for (name, shape) in [
        ("parameters.embedding.0.weight", vec![32, 2]),
        ("ema.layers.0.conv.bias", vec![2]),
        ("before_rest.second_moment.layers.1.film.weight", vec![2, 4]),
        ("first_moment.layers.2.down.weight", vec![8, 2]),
        ("parameters.readout.bias", vec![4]),
    ] {
        assert_eq!(file.tensor(name).unwrap().shape(), shape, "{name}");
    }
    assert!(!file.names().iter().any(|name| name.contains("nodes")));
    assert_eq!(Checkpoint::from_bytes(&bytes, &architecture).unwrap(), whole);
    // Read once and written again, it has the names of now.
    assert_eq!(whole.to_bytes(&architecture).unwrap(), {
        let read = Checkpoint::from_bytes(&bytes, &architecture).unwrap();
        read.to_bytes(&architecture).unwrap()
    });
    // Of another encoder, and of what is none.
    let refused = Checkpoint::from_bytes(&bytes, &self::architecture(4)).unwrap_err().to_string();
    assert!(refused.contains("`parameters.layers.0.conv.weight` as F32 of shape [9, 4]"), "{refused}");
    let mut other = architecture.clone();
    other.nodes[6].layer = Conv { window: [1, 9], stride: [1, 1], channels: 2 }.into();
    assert_eq!(other.validate(), Ok(()));
    let refused = Checkpoint::from_bytes(&bytes, &other);
    assert!(matches!(refused, Err(Mismatch::Missing { name }) if name == "parameters.nodes.2.weight"));
}

#[test]
fn the_rewound_state_is_that_before_the_rest() {
    let whole = checkpoint(&architecture(1));
    let before = whole.before_rest.clone().unwrap();
    let rewound = whole.rewound();
    assert_eq!(rewound, Checkpoint { now: before, before_rest: None, run: Some([7; 32]) });
    assert_eq!(rewound.clone().rewound(), rewound);
}

#[test]
fn numbers_that_no_training_produces_are_neither_written_nor_read() {
    let (folder, architecture) = (TempDir::new().unwrap(), architecture(2));
    let path = folder.path().join("checkpoint.safetensors");
    let good = checkpoint(&architecture);
    good.save(&path, &architecture).unwrap();
    let mut diverged = good.clone();
    diverged.now.ema[72] = f32::NAN;
    let refused = diverged.save(&path, &architecture).unwrap_err().to_string();
    assert!(refused.contains("`ema.nodes.6.weight`") && refused.contains("NaN at 0"), "{refused}");
    assert_eq!(Checkpoint::load(&path, &architecture).unwrap(), good);
    let mut negative = good.clone();
    negative.now.second_moment[0] = -1.0;
    assert!(matches!(negative.to_bytes(&architecture), Err(Mismatch::Number { index: 0, found: -1.0, .. })));
    let mut short = good.clone();
    short.before_rest.as_mut().unwrap().first_moment.pop();
    assert!(matches!(short.to_bytes(&architecture), Err(Mismatch::Length { name: "first_moment", .. })));
    // Sealed, and yet no state of a training.
    for name in ["second_moment.nodes.6.bias", "before_rest.ema.nodes.6.bias"] {
        let bytes = edited(&good, &architecture, |tensors| {
            let tensor = tensors.iter_mut().find(|tensor| tensor.0 == name).unwrap();
            tensor.3[4..8].copy_from_slice(&f32::INFINITY.to_le_bytes());
        });
        let refused = Checkpoint::from_bytes(&bytes, &architecture);
        assert!(matches!(refused, Err(Mismatch::Number { name: found, index: 1, .. }) if found == name));
    }
}

#[test]
fn every_truncation_is_refused() {
    let architecture = architecture(1);
    let bytes = checkpoint(&architecture).to_bytes(&architecture).unwrap();
    for length in 0..bytes.len() {
        assert!(matches!(Checkpoint::from_bytes(&bytes[..length], &architecture), Err(Mismatch::Format(_))));
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(Checkpoint::from_bytes(&longer, &architecture), Err(Mismatch::Format(_))));
}

#[test]
fn a_flipped_byte_is_refused() {
    let architecture = architecture(1);
    let whole = checkpoint(&architecture).to_bytes(&architecture).unwrap();
    let header = 8 + usize::from(u16::from_le_bytes([whole[0], whole[1]]));
    let mut told = 0;
    for index in (0..header).chain((header..whole.len() - 64).step_by(29)).chain(whole.len() - 64..whole.len()) {
        // 0x2a turns a space into a line feed, which JSON takes for the same.
        for mask in [[0x01, 0x80, 0xff][index % 3], 0x2a] {
            let mut bytes = whole.clone();
            bytes[index] ^= mask;
            let refused = Checkpoint::from_bytes(&bytes, &architecture);
            assert!(refused.is_err(), "byte {index}");
            told += usize::from(matches!(refused, Err(Mismatch::Checksum(_))));
        }
    }
    assert!(told > whole.len() / 29, "{told}");
}

#[test]
fn a_missing_file_is_named() {
    let refused = Checkpoint::load(Path::new("absent/checkpoint.safetensors"), &architecture(1)).unwrap_err();
    assert!(matches!(&refused, CheckpointError::Access { .. }) && refused.to_string().contains("absent/checkpoint"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, header: String) {
        let framed = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes].concat();
        prop_assert!(Checkpoint::from_bytes(&bytes, &architecture(1)).is_err());
        prop_assert!(Checkpoint::from_bytes(&framed, &architecture(1)).is_err());
    }
}
