//! `checkpoint.safetensors`: everything that a resumed training needs beside its configuration.
//!
//! | tensor | type and shape | |
//! |---|---|---|
//! | `step` | u64, no axes | steps done |
//! | `generator` | u32, 4 | state of the random generator |
//! | `parameters.MATRIX.weight` | f32, rows × columns | inputs × outputs, as in [`vapo_format::matrix`] |
//! | `parameters.MATRIX.bias` | f32, columns | |
//! | `ema.…` | likewise | exponential moving average of the parameters: what samples are drawn with |
//! | `first_moment.…` | likewise | moving average of the gradient: Adam's, or Muon's for the weights that it moves |
//! | `second_moment.…` | likewise | moving average of its square: Adam's, or zero |
//!
//! `MATRIX` is a name of [`Architecture::matrices`], `layers.1.conv1` for instance.

pub mod error;

pub use error::{CheckpointError, Mismatch};

use crate::parameters::Layout;
use crate::run::write_atomically;
use error::{access, contents};
use safetensors::tensor::View;
use safetensors::{Dtype, SafeTensors};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;
use vapo_format::Architecture;

/// State of a training between two steps. Each vector is [`Architecture::parameters`] long: for each matrix of
/// [`Architecture::matrices`] its weights, row-major, then its biases.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Steps done.
    pub step: u64,
    /// Weights and biases.
    pub parameters: Vec<f32>,
    /// Exponential moving average of the parameters.
    pub ema: Vec<f32>,
    /// The optimiser's mean of the gradient.
    pub first_moment: Vec<f32>,
    /// The optimiser's mean of the squared gradient.
    pub second_moment: Vec<f32>,
    /// State of the random generator.
    pub generator: [u32; 4],
}

impl Checkpoint {
    /// Writes the file at `path`, whole or not at all.
    ///
    /// # Errors
    /// As [`Checkpoint::to_bytes`], and [`CheckpointError::Access`] where the system refuses. An older checkpoint of
    /// that name then still stands.
    pub fn save(&self, path: &Path, architecture: &Architecture) -> Result<(), CheckpointError> {
        let bytes = self.to_bytes(architecture).map_err(contents(path))?;
        write_atomically(path, &bytes).map_err(access(path))
    }

    /// Reads the file at `path`, written for the same architecture.
    ///
    /// # Errors
    /// As [`Checkpoint::from_bytes`], and [`CheckpointError::Access`] where the system refuses.
    pub fn load(path: &Path, architecture: &Architecture) -> Result<Self, CheckpointError> {
        let bytes = fs::read(path).map_err(access(path))?;
        Self::from_bytes(&bytes, architecture).map_err(contents(path))
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Mismatch::Length`] for a vector of another length, [`Mismatch::Number`] for numbers that could not be loaded.
    pub fn to_bytes(&self, architecture: &Architecture) -> Result<Vec<u8>, Mismatch> {
        let mut file = vec![
            ("step".to_owned(), Tensor { shape: vec![], values: Values::U64(self.step) }),
            ("generator".to_owned(), Tensor { shape: vec![4], values: Values::U32(&self.generator) }),
        ];
        let vectors = [&self.parameters, &self.ema, &self.first_moment, &self.second_moment];
        for (vector, values) in VECTORS.into_iter().zip(vectors) {
            let (expected, found) = (architecture.parameters(), values.len());
            if expected != found {
                return Err(Mismatch::Length { name: vector, expected, found });
            }
            for (name, shape, range) in tensors(vector, architecture) {
                let values = &values[range];
                check_numbers(&name, vector, values)?;
                file.push((name, Tensor { shape, values: Values::F32(values) }));
            }
        }
        Ok(safetensors::serialize(file, None)?)
    }

    /// Reads the bytes of a file, written for the same architecture.
    ///
    /// # Errors
    /// The first difference from what the architecture asks for: see [`Mismatch`].
    pub fn from_bytes(bytes: &[u8], architecture: &Architecture) -> Result<Self, Mismatch> {
        let file = SafeTensors::deserialize(bytes)?;
        let mut unread: BTreeSet<&str> = file.names().into_iter().collect();
        let mut take = |name: &str, expected: (Dtype, Vec<usize>)| {
            let tensor = file.tensor(name).map_err(|_| Mismatch::Missing { name: name.to_owned() })?;
            unread.remove(name);
            let found = (tensor.dtype(), tensor.shape().to_vec());
            let data = tensor.data();
            if found == expected { Ok(data) } else { Err(Mismatch::Kind { name: name.to_owned(), expected, found }) }
        };
        let mut step = [0; 8];
        step.copy_from_slice(take("step", (Dtype::U64, vec![]))?);
        let mut generator = [0; 4];
        let words = take("generator", (Dtype::U32, vec![4]))?.as_chunks().0;
        generator.iter_mut().zip(words).for_each(|(word, &bytes)| *word = u32::from_le_bytes(bytes));
        let mut vector = |vector| -> Result<Vec<f32>, Mismatch> {
            let mut values = Vec::with_capacity(architecture.parameters());
            for (name, shape, range) in tensors(vector, architecture) {
                let data = take(&name, (Dtype::F32, shape))?;
                values.extend(data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)));
                check_numbers(&name, vector, &values[range])?;
            }
            Ok(values)
        };
        let [parameters, ema, first_moment, second_moment] = VECTORS;
        let (parameters, ema) = (vector(parameters)?, vector(ema)?);
        let (first_moment, second_moment) = (vector(first_moment)?, vector(second_moment)?);
        match unread.first() {
            Some(&name) => Err(Mismatch::Unexpected { name: name.to_owned() }),
            None => {
                let step = u64::from_le_bytes(step);
                Ok(Checkpoint { step, parameters, ema, first_moment, second_moment, generator })
            }
        }
    }
}

const SECOND_MOMENT: &str = "second_moment";
/// Prefixes of the tensors that make up the vectors, in the order of their fields.
const VECTORS: [&str; 4] = ["parameters", "ema", "first_moment", SECOND_MOMENT];

/// A tensor of a vector: its name, its shape and where it lies.
fn tensors(vector: &str, architecture: &Architecture) -> impl Iterator<Item = (String, Vec<usize>, Range<usize>)> {
    Layout::new(architecture).matrices.into_iter().flat_map(move |place| {
        let name = |part| format!("{vector}.{}.{part}", place.name);
        [
            (name("weight"), vec![place.rows, place.columns], place.weight()),
            (name("bias"), vec![place.columns], place.bias()),
        ]
    })
}

fn check_numbers(name: &str, vector: &str, values: &[f32]) -> Result<(), Mismatch> {
    let sound = |value: f32| value.is_finite() && (vector != SECOND_MOMENT || value >= 0.0);
    match values.iter().position(|&value| !sound(value)) {
        Some(index) => Err(Mismatch::Number { name: name.to_owned(), index, found: values[index] }),
        None => Ok(()),
    }
}

/// A tensor on its way into the file, turned to bytes only when its turn has come.
struct Tensor<'v> {
    shape: Vec<usize>,
    values: Values<'v>,
}

#[derive(Clone, Copy)]
enum Values<'v> {
    U64(u64),
    U32(&'v [u32]),
    F32(&'v [f32]),
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        match self.values {
            Values::U64(_) => Dtype::U64,
            Values::U32(_) => Dtype::U32,
            Values::F32(_) => Dtype::F32,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self.values {
            Values::U64(value) => value.to_le_bytes().to_vec().into(),
            Values::U32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Values::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    fn data_len(&self) -> usize {
        match self.values {
            Values::U64(_) => 8,
            Values::U32(values) => 4 * values.len(),
            Values::F32(values) => 4 * values.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tempfile::TempDir;
    use vapo_format::{Homotopy, Layer, Shape};

    fn architecture(channels: u16) -> Architecture {
        let layers =
            [Layer::Conv { channels }, Layer::Residual, Layer::Down { channels: 2 }, Layer::Head { channels: 3 }];
        Architecture {
            image: Shape { channels: 1, height: 4, width: 4 },
            homotopy: Homotopy::Linear,
            embedding: 2,
            layers: layers.into_iter().collect(),
        }
    }

    fn checkpoint(architecture: &Architecture) -> Checkpoint {
        let values = |scale: f32| (0..architecture.parameters()).map(|index| scale * index as f32).collect();
        Checkpoint {
            step: 1 << 40,
            parameters: values(0.5),
            ema: values(-0.25),
            first_moment: values(1e-30),
            second_moment: values(7.0),
            generator: [1, u32::MAX, 3, 1 << 31],
        }
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
        assert_eq!(file.names().len(), 2 + 4 * 2 * architecture.matrices().count());
        // The embedding's two matrices and their biases come first: (32 + 1)·2 + (2 + 1)·2 parameters.
        let weight = file.tensor("parameters.layers.0.conv.weight").unwrap();
        assert_eq!((weight.dtype(), weight.shape()), (Dtype::F32, &[9, 2][..]));
        assert_eq!(weight.data()[..4], 36.0_f32.to_le_bytes());
        let bias = file.tensor("ema.layers.0.conv.bias").unwrap();
        assert_eq!((bias.shape(), &bias.data()[..4]), (&[2][..], &(-22.5_f32).to_le_bytes()[..]));
    }

    #[test]
    fn another_architecture_is_told_by_its_first_difference() {
        let (two, four) = (architecture(2), architecture(4));
        let bytes = checkpoint(&two).to_bytes(&two).unwrap();
        let refused = Checkpoint::from_bytes(&bytes, &four).unwrap_err().to_string();
        let expected = "expected `parameters.layers.0.conv.weight` as F32 of shape [9, 4], found F32 of shape [9, 2]";
        assert_eq!(refused, expected);
        let mut longer = two.clone();
        longer.layers.insert(2, Layer::Residual).unwrap();
        let refused = Checkpoint::from_bytes(&bytes, &longer).unwrap_err();
        assert!(matches!(refused, Mismatch::Missing { name } if name == "parameters.layers.2.conv1.weight"));
        let mut shorter = two.clone();
        shorter.layers.remove(1);
        assert!(matches!(Checkpoint::from_bytes(&bytes, &shorter), Err(Mismatch::Missing { .. })));
    }

    #[test]
    fn tensors_too_many_or_of_another_type_are_refused() {
        let architecture = architecture(2);
        type Owned = (String, Dtype, Vec<usize>, Vec<u8>);
        let edited = |edit: fn(&mut Vec<Owned>)| {
            let bytes = checkpoint(&architecture).to_bytes(&architecture).unwrap();
            let file = SafeTensors::deserialize(&bytes).unwrap();
            let owned = |(name, t): (String, safetensors::tensor::TensorView<'_>)| {
                (name, t.dtype(), t.shape().to_vec(), t.data().to_vec())
            };
            let mut tensors: Vec<_> = file.tensors().into_iter().map(owned).collect();
            edit(&mut tensors);
            let views = tensors.iter().map(|(name, dtype, shape, data)| {
                (name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), data).unwrap())
            });
            Checkpoint::from_bytes(&safetensors::serialize(views, None).unwrap(), &architecture)
        };
        assert!(edited(|_| {}).is_ok());
        let refused = edited(|tensors| tensors.push(("extra".to_owned(), Dtype::U8, vec![1], vec![0])));
        assert!(matches!(refused, Err(Mismatch::Unexpected { name }) if name == "extra"));
        let refused =
            edited(|tensors| tensors.iter_mut().filter(|t| t.0 == "generator").for_each(|t| t.1 = Dtype::I32));
        assert!(matches!(refused, Err(Mismatch::Kind { name, .. }) if name == "generator"));
        let refused = edited(|tensors| tensors.retain(|tensor| tensor.0 != "step"));
        assert!(matches!(refused, Err(Mismatch::Missing { name }) if name == "step"));
    }

    #[test]
    fn numbers_that_no_training_produces_are_neither_written_nor_read() {
        let (folder, architecture) = (TempDir::new().unwrap(), architecture(2));
        let path = folder.path().join("checkpoint.safetensors");
        let good = checkpoint(&architecture);
        good.save(&path, &architecture).unwrap();
        let mut diverged = good.clone();
        diverged.ema[72] = f32::NAN;
        let refused = diverged.save(&path, &architecture).unwrap_err().to_string();
        assert!(refused.contains("`ema.layers.0.conv.weight`") && refused.contains("NaN at 0"), "{refused}");
        assert_eq!(Checkpoint::load(&path, &architecture).unwrap(), good);
        let mut negative = good.clone();
        negative.second_moment[0] = -1.0;
        assert!(matches!(negative.to_bytes(&architecture), Err(Mismatch::Number { index: 0, found: -1.0, .. })));
        let mut short = good.clone();
        short.first_moment.pop();
        assert!(matches!(short.to_bytes(&architecture), Err(Mismatch::Length { name: "first_moment", .. })));
        let mut bytes = good.to_bytes(&architecture).unwrap();
        let at = find(&bytes, &(7.0 * (architecture.parameters() - 1) as f32).to_le_bytes());
        bytes[at..at + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
        assert!(matches!(Checkpoint::from_bytes(&bytes, &architecture), Err(Mismatch::Number { .. })));
    }

    fn find(bytes: &[u8], wanted: &[u8]) -> usize {
        bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
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
    fn a_flipped_byte_is_refused_or_changes_one_number() {
        let architecture = architecture(1);
        let whole = checkpoint(&architecture);
        let bytes = whole.to_bytes(&architecture).unwrap();
        let header = 8 + usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        for index in (0..header).chain((header..bytes.len()).step_by(29)) {
            for mask in [0x01, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[index] ^= mask;
                if let Ok(read) = Checkpoint::from_bytes(&bytes, &architecture) {
                    assert!(index >= header && differences(&read, &whole) == 1, "byte {index}");
                }
            }
        }
    }

    fn differences(one: &Checkpoint, other: &Checkpoint) -> usize {
        let bits = |c: &Checkpoint| -> Vec<u64> {
            let vectors = [&c.parameters, &c.ema, &c.first_moment, &c.second_moment];
            let words = vectors.into_iter().flatten().map(|value| value.to_bits()).chain(c.generator);
            words.map(u64::from).chain([c.step]).collect()
        };
        bits(one).iter().zip(bits(other)).filter(|(a, b)| *a != b).count()
    }

    #[test]
    fn a_missing_file_is_named() {
        let refused = Checkpoint::load(Path::new("absent/checkpoint.safetensors"), &architecture(1)).unwrap_err();
        assert!(
            matches!(&refused, CheckpointError::Access { .. }) && refused.to_string().contains("absent/checkpoint")
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>, header: String) {
            let framed = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes].concat();
            prop_assert!(Checkpoint::from_bytes(&bytes, &architecture(1)).is_err());
            prop_assert!(Checkpoint::from_bytes(&framed, &architecture(1)).is_err());
        }
    }
}
