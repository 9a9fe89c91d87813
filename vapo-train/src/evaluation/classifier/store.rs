//! The file that keeps a classifier: safetensors, with what it learned from in the metadata, and sealed.

use crate::evaluation::EvaluationError;
use crate::evaluation::classifier::{Classifier, Network};
use crate::evaluation::error::access;
use crate::files::bounded;
use crate::files::seal;
use crate::files::write_atomically;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::HashMap;
use std::path::Path;
use vapo_format::Shape;

/// Changes whenever network or training do, so that distances of different classifiers are never compared.
const RECIPE: &str = "1";

/// The name of the file for a data set: its name, the recipe, and the beginning of its SHA-256.
pub fn file_name(dataset: &str, sha256: &str) -> String {
    format!("classifier-{dataset}-{RECIPE}-{}.safetensors", sha256.get(..16).unwrap_or(sha256))
}

/// Writes the file, as a whole or not at all.
///
/// # Errors
/// What the system says.
pub fn save(classifier: &Classifier, path: &Path) -> Result<(), EvaluationError> {
    write_atomically(path, &to_bytes(classifier)).map_err(access(path))
}

fn to_bytes(classifier: &Classifier) -> Vec<u8> {
    let Classifier { network, parameters, data, accuracy } = classifier;
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let tensors: Vec<_> =
        network.tensors().map(|(name, shape, range)| (name, shape, bytes(&parameters[range]))).collect();
    let view = |kind, shape, data| TensorView::new(kind, shape, data).expect("as many bytes as the shape says");
    let views =
        tensors.iter().map(|(name, shape, data)| (name.as_str(), view(Dtype::F32, shape.clone(), data.as_slice())));
    let views = views.chain([(seal::NAME, view(Dtype::U8, vec![seal::OPEN.len()], seal::OPEN))]);
    let mut metadata = HashMap::from([
        ("recipe".to_owned(), RECIPE.to_owned()),
        ("data".to_owned(), data.clone()),
        ("classes".to_owned(), network.classes().to_string()),
    ]);
    metadata.extend(accuracy.map(|accuracy| ("accuracy".to_owned(), accuracy.to_string())));
    let mut file = safetensors::serialize(views, Some(metadata)).expect("names and extents are sound");
    seal::close(&mut file);
    file
}

/// Reads the file for images of an extent and of this SHA-256.
///
/// # Errors
/// It cannot be read, is damaged, or belongs to other images.
pub fn load(path: &Path, shape: Shape, sha256: &str) -> Result<Classifier, EvaluationError> {
    let bytes = bounded::read_file(path, 1 << 30).map_err(access(path))?;
    from_bytes(&bytes, shape, sha256).map_err(|(expected, found)| EvaluationError::Contents {
        path: path.to_owned(),
        expected,
        found: format!("{found}: delete the file, and another will be trained"),
    })
}

/// What was expected and what was found.
type Difference = (String, String);

fn from_bytes(bytes: &[u8], shape: Shape, sha256: &str) -> Result<Classifier, Difference> {
    let damaged = |cause: safetensors::SafeTensorError| ("a classifier (safetensors)".to_owned(), cause.to_string());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let text = |key: &str| metadata.get(key).map_or("none", String::as_str);
    for (key, expected) in [("recipe", RECIPE), ("data", sha256)] {
        if text(key) != expected {
            return Err((format!("{key} {expected}"), text(key).to_owned()));
        }
    }
    let classes = text("classes").parse().ok().filter(|classes| (2..=256).contains(classes));
    let classes = classes.ok_or_else(|| ("2 to 256 classes".to_owned(), text("classes").to_owned()))?;
    let accuracy =
        metadata.get("accuracy").and_then(|text| text.parse().ok()).filter(|share| (0.0..=1.0).contains(share));
    let network = Network::new(shape, classes);
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    seal::check(bytes, &file).map_err(|broken| (format!("the SHA-256 {}", broken.expected), broken.found))?;
    let mut parameters = vec![0.0; network.len()];
    for (name, shape, range) in network.tensors() {
        let tensor = file.tensor(&name).map_err(damaged)?;
        if (tensor.dtype(), tensor.shape()) != (Dtype::F32, &shape[..]) {
            return Err((format!("{name} of shape {shape:?}"), format!("{:?}", tensor.shape())));
        }
        let values = tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        parameters[range].iter_mut().zip(values).for_each(|(to, value)| *to = value);
    }
    match parameters.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(("finite weights".to_owned(), value.to_string())),
        None => Ok(Classifier { network, parameters, data: sha256.to_owned(), accuracy }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::generator;
    use std::fs;
    use tempfile::TempDir;

    const SHAPE: Shape = Shape { channels: 1, height: 4, width: 4 };

    fn classifier(accuracy: Option<f64>) -> Classifier {
        let network = Network::new(SHAPE, 3);
        let parameters = network.initial(&mut generator(1));
        Classifier { network, parameters, data: "abc".to_owned(), accuracy }
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let root = TempDir::new().unwrap();
        let path = root.path().join(file_name("dots", "0123456789abcdef0123"));
        assert!(path.ends_with("classifier-dots-1-0123456789abcdef.safetensors"));
        for accuracy in [None, Some(0.123_456_789)] {
            let saved = classifier(accuracy);
            save(&saved, &path).unwrap();
            let found = load(&path, SHAPE, "abc").unwrap();
            assert_eq!((found.parameters, found.accuracy, found.network), (saved.parameters, accuracy, saved.network));
        }
    }

    #[test]
    fn other_files_are_refused_with_what_to_do() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("c.safetensors");
        let whole = to_bytes(&classifier(None));
        let mut broken = classifier(None);
        broken.parameters[3] = f32::NAN;
        let broken = to_bytes(&broken);
        let other = Shape { channels: 2, ..SHAPE };
        let mut flipped = whole.clone();
        let weight = flipped.len() - 100;
        flipped[weight] ^= 1;
        for (bytes, shape, sha256, part) in [
            (&whole[..whole.len() - 1], SHAPE, "abc", "safetensors"),
            (&whole, SHAPE, "abd", "expected data abd, found abc"),
            (&whole, other, "abc", "layers.0.weight"),
            (&broken, SHAPE, "abc", "NaN"),
            (&flipped, SHAPE, "abc", "expected the SHA-256 "),
            (b"", SHAPE, "abc", "safetensors"),
        ] {
            fs::write(&path, bytes).unwrap();
            let message = load(&path, shape, sha256).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("delete the file"), "{message}");
        }
    }
}
