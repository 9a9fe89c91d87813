//! What images are compared by.

use super::DataOptions;
use super::plan::refuse_unmakable;
use crate::cli::{Code, Failure};
use crate::cli::{note, progress};
use crate::dataset::{Dataset, Split};
use crate::evaluation::classifier::{Classifier, FEATURES, Recipe, file_name, load, save, train};
use crate::evaluation::image_set::matches;
use crate::evaluation::moments::check_dimension;
use crate::evaluation::{EvaluationError, Extractor, ImageSet};
use rayon::ThreadPool;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use vapo_format::Shape;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct FeatureOptions {
    /// Features that images are compared by: a classifier of the data set, trained once; their pixels; or the output of a network
    /// of your own
    #[arg(long, value_name = "classifier|pixels|F.onnx", default_value = "classifier")]
    features: String,
    /// Values of black and white that the network of an ONNX file expects
    #[arg(long, value_name = "BLACK,WHITE", default_value = "-1,1", allow_hyphen_values = true, value_parser = range)]
    onnx_range: (f32, f32),
    /// Folder that keeps trained classifiers
    #[arg(long, value_name = "DIR", default_value = "runs/cache")]
    cache: PathBuf,
}

/// Parses `BLACK,WHITE`.
fn range(text: &str) -> Result<(f32, f32), String> {
    let numbers: Vec<f32> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
    match numbers[..] {
        [black, white] if black < white && (white - black).is_finite() && text.matches(',').count() == 1 => {
            Ok((black, white))
        }
        _ => Err("expected two numbers, the smaller first: -1,1 or 0,1 or 0,255".to_owned()),
    }
}

impl FeatureOptions {
    /// Refuses, before any work, images that there are no such features of, or too many for a distance. Of a network
    /// this is known once it is loaded.
    ///
    /// # Errors
    /// [`EvaluationError::Dimension`].
    pub(in crate::cli) fn dimension(&self, image: Shape) -> Result<Option<usize>, EvaluationError> {
        match self.features.as_str() {
            "pixels" => check_dimension(image.elements()).map(|()| Some(image.elements())),
            "classifier" => Ok(Some(FEATURES)),
            _ => Ok(None),
        }
    }

    /// The extractor for images of an extent, trained if need be, and what a card says of it.
    ///
    /// # Errors
    /// No such features, no labels to train on, images of another extent, files that cannot be read.
    pub(in crate::cli) fn extractor(
        &self,
        data: &DataOptions,
        image: Shape,
        pool: &ThreadPool,
    ) -> Result<(Extractor, Map<String, Value>), Failure> {
        let mut card = Map::new();
        let extractor = match self.features.as_str() {
            "pixels" => Extractor::Pixels,
            "classifier" => {
                let classifier = self.classifier(data, image, pool)?;
                card.insert("trained_on_sha256".to_owned(), classifier.data().into());
                card.insert("test_accuracy".to_owned(), json!(classifier.accuracy()));
                Extractor::Classifier(Box::new(classifier))
            }
            path if path.ends_with(".onnx") => self.network(Path::new(path), &mut card)?,
            other => return Err(Self::unknown(other)),
        };
        card.insert("features".to_owned(), self.features.as_str().into());
        Ok((extractor, card))
    }

    /// Refuses features that there are none of, before any work is done.
    ///
    /// # Errors
    /// Neither a known name nor that of an ONNX file.
    pub(in crate::cli) fn check(&self) -> Result<(), Failure> {
        match self.features.as_str() {
            "classifier" | "pixels" => Ok(()),
            path if path.ends_with(".onnx") => Ok(()),
            other => Err(Self::unknown(other)),
        }
    }

    fn unknown(features: &str) -> Failure {
        Failure::Refused(
            Code::Features,
            format!("--features {features}: expected classifier, pixels, or a file whose name ends in .onnx"),
        )
    }

    #[cfg(feature = "onnx")]
    fn network(&self, path: &Path, card: &mut Map<String, Value>) -> Result<Extractor, Failure> {
        let network = crate::evaluation::onnx::Network::load(path, self.onnx_range).map_err(|cause| match cause {
            EvaluationError::Access { cause, .. } => {
                Failure::told(Code::Features, format!("--features {}: cannot read it: {cause}", path.display()))
            }
            cause => cause.into(),
        })?;
        card.insert("network_sha256".to_owned(), network.sha256().into());
        card.insert("network_input".to_owned(), network.input().to_string().into());
        card.insert("network_range".to_owned(), json!([self.onnx_range.0, self.onnx_range.1]));
        Ok(Extractor::Onnx(Box::new(network)))
    }

    #[cfg(not(feature = "onnx"))]
    fn network(&self, path: &Path, _: &mut Map<String, Value>) -> Result<Extractor, Failure> {
        Err(Failure::Refused(
            Code::NotBuilt,
            format!(
                "--features {}: this program was built without ONNX; build it with --features vapo-train/onnx",
                path.display()
            ),
        ))
    }

    /// The classifier of the data set, out of the folder of classifiers or trained now.
    fn classifier(&self, data: &DataOptions, image: Shape, pool: &ThreadPool) -> Result<Classifier, Failure> {
        let trained_on = data.load_split(Split::Train)?;
        matches(image, trained_on.shape())?;
        let images = ImageSet::of_dataset(&trained_on)?;
        let sha256 = images.sha256(trained_on.labels().unwrap_or_default());
        let path = self.cache.join(file_name(trained_on.name(), &sha256));
        if path.exists() {
            return Ok(load(&path, images.shape(), &sha256)?);
        }
        refuse_unmakable("--cache", &self.cache)?;
        let classifier = self.train(&trained_on, data, pool)?;
        let made = std::fs::create_dir_all(&self.cache).map_err(|cause| cause.to_string());
        if let Err(cause) = made.and_then(|()| save(&classifier, &path).map_err(|cause| cause.to_string())) {
            note(&format!("warning: {}: {cause}: the classifier is not kept", path.display()));
        }
        Ok(classifier)
    }

    fn train(&self, dataset: &Dataset, data: &DataOptions, pool: &ThreadPool) -> Result<Classifier, Failure> {
        // First, in case it is damaged. A set without one is measured on nothing.
        let test = match data.load_split(Split::Test) {
            Ok(test) => Some(test),
            Err(failure) => {
                note(&format!("the classifier's accuracy stays unknown: {failure}"));
                None
            }
        };
        let recipe = Recipe::standard(dataset.len());
        let bar = progress::bar(recipe.steps as usize, "steps of the classifier");
        let mut classifier = pool.install(|| train(dataset, recipe, || bar.inc(1)))?;
        bar.finish_and_clear();
        if let Some((test, labels)) = test.as_ref().and_then(|test| Some((test, test.labels()?))) {
            let images = ImageSet::of_dataset(test)?;
            pool.install(|| classifier.measure(&images, labels));
        }
        let accuracy = classifier.accuracy().map_or("unknown".to_owned(), |share| format!("{:.2} %", 100.0 * share));
        note(&format!(
            "trained a classifier on the {} images of {}, to be kept in {}: test accuracy {accuracy}",
            dataset.len(),
            dataset.name(),
            self.cache.display(),
        ));
        Ok(classifier)
    }
}
