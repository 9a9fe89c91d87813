//! The run card: what a command was given, enough to get the same numbers again.

use crate::dataset::{Dataset, Preparation, Split};
use crate::files::digest::sha256;
use serde::Serialize;
use std::path::{Path, PathBuf};
use vapo_format::{Model, Shape};

/// What a command was given and what came out. The same card gives the same numbers.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Card {
    /// The command, `sample` for instance.
    pub(super) command: &'static str,
    /// Version of this program.
    pub(super) version: &'static str,
    /// The models it read, in the order of the command line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) models: Vec<ModelCard>,
    /// The images it read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) data: Vec<DataCard>,
    /// How it drew samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sampler: Option<SamplerCard>,
    /// Other settings that are the command's own.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub(super) settings: serde_json::Map<String, serde_json::Value>,
    /// Its numbers.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub(super) results: serde_json::Map<String, serde_json::Value>,
}

/// A model file.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ModelCard {
    /// Where it was.
    pub(super) path: PathBuf,
    /// SHA-256 of the file, in hexadecimal.
    pub(super) sha256: String,
    /// Its parameters.
    pub(super) parameters: usize,
    /// How they are stored, as `int8` or `float32`.
    pub(super) weights: String,
}

/// Images of a data set.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DataCard {
    /// The name on the command line.
    pub(super) dataset: String,
    /// Which part.
    pub(super) split: Split,
    /// Extent of an image.
    pub(super) shape: Shape,
    /// Number of images.
    pub(super) count: usize,
    /// What was done to every image, where they are not used as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preparation: Option<Preparation>,
}

/// How samples were drawn.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SamplerCard {
    /// Number of samples.
    pub(super) count: usize,
    /// Integrator, by the command line's name.
    pub(super) solver: &'static str,
    /// Its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) steps: Option<u16>,
    /// Evaluations of the drift that a sample took.
    pub(super) evaluations: Evaluations,
    /// Exponent of the grid of times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) grading: Option<f32>,
    /// How far it extrapolated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extrapolation: Option<f32>,
    /// Error of a step, where steps are as long as their error allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tolerance: Option<f64>,
    /// η of the SDE.
    pub(super) temperature: f32,
    /// Seed of the first sample.
    pub(super) seed: u64,
    /// Class that they were asked for, or `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<serde_json::Value>,
    /// How far they were led towards it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) guidance: Option<f32>,
}

/// Evaluations of the drift that samples took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Evaluations {
    /// All as many.
    Each(u32),
    /// Each as many as its steps took.
    Counted {
        /// On average.
        mean: f64,
        /// The fewest.
        least: u32,
        /// The most.
        most: u32,
    },
}

impl Evaluations {
    /// Of samples that took so many each; at least one.
    pub(super) fn counted(counts: &[u32]) -> Self {
        let sum: u64 = counts.iter().copied().map(u64::from).sum();
        let [least, most] = [counts.iter().min(), counts.iter().max()].map(|count| count.copied().unwrap_or_default());
        Evaluations::Counted { mean: sum as f64 / counts.len().max(1) as f64, least, most }
    }

    /// So many times as many.
    pub(super) fn times(self, factor: u32) -> Self {
        match self {
            Evaluations::Each(count) => Evaluations::Each(factor * count),
            Evaluations::Counted { mean, least, most } => {
                Evaluations::Counted { mean: f64::from(factor) * mean, least: factor * least, most: factor * most }
            }
        }
    }
}

/// For people.
impl std::fmt::Display for Evaluations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Evaluations::Each(count) => write!(f, "{count}"),
            Evaluations::Counted { mean, least, most } => write!(f, "{mean:.1} on average, {least} to {most}"),
        }
    }
}

impl Card {
    /// A card with nothing on it yet.
    pub(super) fn new(command: &'static str) -> Self {
        Card {
            command,
            version: env!("CARGO_PKG_VERSION"),
            models: Vec::new(),
            data: Vec::new(),
            sampler: None,
            settings: serde_json::Map::new(),
            results: serde_json::Map::new(),
        }
    }

    /// Where the card of a result lies: `samples.png.json` beside `samples.png`.
    pub(super) fn path_beside(result: &Path) -> PathBuf {
        // Not within a folder: who reads pictures from it does not expect anything else.
        let mut name = result.components().as_path().as_os_str().to_owned();
        name.push(".json");
        name.into()
    }

    /// The text of the file.
    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a card holds nothing that JSON cannot") + "\n"
    }
}

impl DataCard {
    /// The card of one split.
    pub(super) fn new(images: &Dataset, split: Split) -> Self {
        let (shape, count) = (images.shape(), images.len());
        DataCard { dataset: images.name().to_owned(), split, shape, count, preparation: images.preparation() }
    }
}

impl ModelCard {
    /// The card of the model in a file's bytes.
    pub(super) fn new(path: &Path, bytes: &[u8], model: &Model<'_>) -> Self {
        ModelCard {
            path: path.to_owned(),
            sha256: sha256(bytes),
            parameters: model.architecture().parameters(),
            weights: model.encoding().to_string(),
        }
    }
}

/// A finite number as people write it: 0.05, where the nearest f64 would be 0.05000000074505806.
pub(super) fn decimal(value: f32) -> serde_json::Value {
    value.to_string().parse::<f64>().map_or(serde_json::Value::Null, serde_json::Value::from)
}
