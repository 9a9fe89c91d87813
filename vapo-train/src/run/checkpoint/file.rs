//! The tensors of a checkpoint, written and read.

use crate::files::seal;
use crate::potential::encoder::Encoder;
use crate::potential::parameters::Layout;
use crate::run::checkpoint::{Checkpoint, Mismatch, Snapshot};
use safetensors::tensor::View;
use safetensors::{Dtype, SafeTensors};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use vapo_format::Architecture;

const SECOND_MOMENT: &str = "second_moment";
/// Prefixes of the tensors that make up the vectors, in the order of their fields.
const VECTORS: [&str; 4] = ["parameters", "ema", "first_moment", SECOND_MOMENT];
/// Prefix of all tensors of [`Checkpoint::before_rest`].
const BEFORE_REST: &str = "before_rest.";
/// The tensor of [`Checkpoint::run`]. Its name comes before the seal's, as its place must.
const RUN: &str = "run";
/// First matrix of an encoder in files of before there were nodes.
const FIRST_OF_LAYERS: &str = "embedding.0";

pub(super) fn to_bytes(checkpoint: &Checkpoint, architecture: &Architecture) -> Result<Vec<u8>, Mismatch> {
    let places = Places::new(architecture);
    let mut file = tensors(&checkpoint.now, "", &places)?;
    if let Some(snapshot) = &checkpoint.before_rest {
        file.extend(tensors(snapshot, BEFORE_REST, &places)?);
    }
    if let Some(run) = &checkpoint.run {
        file.push((RUN.to_owned(), Tensor { shape: vec![run.len()], values: Values::U8(run) }));
    }
    file.push((seal::NAME.to_owned(), Tensor { shape: vec![seal::OPEN.len()], values: Values::U8(seal::OPEN) }));
    let mut bytes = safetensors::serialize(file, None)?;
    seal::close(&mut bytes);
    Ok(bytes)
}

pub(super) fn from_bytes(bytes: &[u8], architecture: &Architecture) -> Result<Checkpoint, Mismatch> {
    let file = SafeTensors::deserialize(bytes)?;
    seal::check(bytes, &file)?;
    let unread = file.names().into_iter().filter(|name| *name != seal::NAME).collect();
    let mut places = Places::new(architecture);
    if file.tensor(&format!("{}.{FIRST_OF_LAYERS}.weight", VECTORS[0])).is_ok()
        && let Some(encoder) = Encoder::of(architecture)
    {
        places.names = encoder.matrix_names();
    }
    let mut reader = Reader { file: &file, unread, places };
    let now = reader.snapshot("")?;
    let before_rest = reader.snapshot_if_any(BEFORE_REST)?;
    let run = if reader.unread.contains(RUN) { Some(reader.digest(RUN)?) } else { None };
    match reader.unread.first() {
        Some(&name) => Err(Mismatch::Unexpected { name: name.to_owned() }),
        None => Ok(Checkpoint { now, before_rest, run }),
    }
}

/// The tensors of a snapshot, their names after `prefix`.
fn tensors<'v>(snapshot: &'v Snapshot, prefix: &str, places: &Places) -> Result<Vec<(String, Tensor<'v>)>, Mismatch> {
    let Snapshot { step, parameters, ema, first_moment, second_moment, generator } = snapshot;
    let mut file = vec![
        (format!("{prefix}step"), Tensor { shape: vec![], values: Values::U64(*step) }),
        (format!("{prefix}generator"), Tensor { shape: vec![4], values: Values::U32(generator) }),
    ];
    for (vector, values) in VECTORS.into_iter().zip([parameters, ema, first_moment, second_moment]) {
        let (expected, found) = (places.layout.len(), values.len());
        if expected != found {
            return Err(Mismatch::Length { name: vector, expected, found });
        }
        for (name, shape, range) in places.of(prefix, vector) {
            let values = &values[range];
            check_numbers(&name, vector, values)?;
            file.push((name, Tensor { shape, values: Values::F32(values) }));
        }
    }
    Ok(file)
}

/// A file, and what of it was not read yet.
struct Reader<'f> {
    file: &'f SafeTensors<'f>,
    unread: BTreeSet<&'f str>,
    places: Places,
}

impl<'f> Reader<'f> {
    /// The bytes of a tensor of this type and shape.
    fn take(&mut self, name: &str, expected: (Dtype, Vec<usize>)) -> Result<&'f [u8], Mismatch> {
        let tensor = self.file.tensor(name).map_err(|_| Mismatch::Missing { name: name.to_owned() })?;
        self.unread.remove(name);
        let found = (tensor.dtype(), tensor.shape().to_vec());
        let data = tensor.data();
        if found == expected { Ok(data) } else { Err(Mismatch::Kind { name: name.to_owned(), expected, found }) }
    }

    /// The snapshot whose tensors have names after `prefix`.
    fn snapshot(&mut self, prefix: &str) -> Result<Snapshot, Mismatch> {
        let mut step = [0; 8];
        step.copy_from_slice(self.take(&format!("{prefix}step"), (Dtype::U64, vec![]))?);
        let mut generator = [0; 4];
        let words = self.take(&format!("{prefix}generator"), (Dtype::U32, vec![4]))?.as_chunks().0;
        generator.iter_mut().zip(words).for_each(|(word, &bytes)| *word = u32::from_le_bytes(bytes));
        let [parameters, ema, first_moment, second_moment] = VECTORS.map(|vector| self.vector(prefix, vector));
        let (step, parameters, ema) = (u64::from_le_bytes(step), parameters?, ema?);
        Ok(Snapshot { step, parameters, ema, first_moment: first_moment?, second_moment: second_moment?, generator })
    }

    /// The snapshot whose tensors have names after `prefix`, where there are any.
    fn snapshot_if_any(&mut self, prefix: &str) -> Result<Option<Snapshot>, Mismatch> {
        let any = self.unread.iter().any(|name| name.starts_with(prefix));
        if any { self.snapshot(prefix).map(Some) } else { Ok(None) }
    }

    fn digest(&mut self, name: &str) -> Result<[u8; 32], Mismatch> {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.take(name, (Dtype::U8, vec![32]))?);
        Ok(digest)
    }

    fn vector(&mut self, prefix: &str, vector: &str) -> Result<Vec<f32>, Mismatch> {
        let mut values = Vec::with_capacity(self.places.layout.len());
        let places: Vec<_> = self.places.of(prefix, vector).collect();
        for (name, shape, range) in places {
            let data = self.take(&name, (Dtype::F32, shape))?;
            values.extend(data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)));
            check_numbers(&name, vector, &values[range])?;
        }
        Ok(values)
    }
}

/// Where the matrices of a file lie in its vectors, and what they are called.
struct Places {
    layout: Layout,
    /// One a matrix.
    names: Vec<String>,
}

impl Places {
    fn new(architecture: &Architecture) -> Self {
        let layout = Layout::new(architecture);
        let names = layout.matrices.iter().map(|place| place.shape.to_string()).collect();
        Places { layout, names }
    }

    /// The tensors of a vector: their names, their shapes and where they lie in it.
    fn of(&self, prefix: &str, vector: &str) -> impl Iterator<Item = (String, Vec<usize>, Range<usize>)> {
        self.layout.matrices.iter().zip(&self.names).flat_map(move |(place, matrix)| {
            let name = |part| format!("{prefix}{vector}.{matrix}.{part}");
            [
                (name("weight"), vec![place.shape.rows, place.shape.columns], place.weight()),
                (name("bias"), vec![place.shape.columns], place.bias()),
            ]
        })
    }
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

enum Values<'v> {
    U64(u64),
    U32(&'v [u32]),
    F32(&'v [f32]),
    U8(&'v [u8]),
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        match &self.values {
            Values::U64(_) => Dtype::U64,
            Values::U32(_) => Dtype::U32,
            Values::F32(_) => Dtype::F32,
            Values::U8(_) => Dtype::U8,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match &self.values {
            Values::U64(value) => value.to_le_bytes().to_vec().into(),
            Values::U32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Values::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Values::U8(values) => (*values).into(),
        }
    }

    fn data_len(&self) -> usize {
        match &self.values {
            Values::U64(_) => 8,
            Values::U32(values) => 4 * values.len(),
            Values::F32(values) => 4 * values.len(),
            Values::U8(values) => values.len(),
        }
    }
}
