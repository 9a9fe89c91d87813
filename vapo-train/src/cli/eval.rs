//! `vapo-train eval`: how far samples are from a data set.

use super::draw::draw;
use super::options::{DataOptions, FeatureOptions, SamplerOptions, output};
use super::{Failure, from_one_to, note, print};
use crate::evaluation::{Features, Images, KernelDistance, Moments, kernel_distance, statistics};
use crate::run::card::{Card, sha256};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Samples of a model, if not said otherwise.
const COUNT: usize = 2000;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["model", "samples"]))]
pub(super) struct Arguments {
    /// Model file whose samples are measured
    #[arg(long, value_name = "F.vapo")]
    model: Option<PathBuf>,
    /// Images to measure in its place: a folder of PNG files, or an archive (.npz) with uint8 arr_0
    #[arg(long, value_name = "DIR|F.npz", conflicts_with_all = ["steps", "temperature", "solver", "grading"])]
    samples: Option<PathBuf>,
    /// Number of samples [default: 2000 of a model, all of a folder or an archive]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1_000_000>())]
    count: Option<usize>,
    #[command(flatten)]
    data: DataOptions,
    #[command(flatten)]
    sampler: SamplerOptions,
    #[command(flatten)]
    features: FeatureOptions,
    /// Mean and covariance to compare with in place of the data set's, as pytorch-fid writes them
    #[arg(long, value_name = "R.npz")]
    reference: Option<PathBuf>,
    /// Write mean and covariance of the samples, as pytorch-fid does
    #[arg(long, value_name = "S.npz")]
    write_statistics: Option<PathBuf>,
    /// The report
    #[arg(long, value_name = "REPORT.json")]
    out: PathBuf,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { data, sampler, force, .. } = arguments;
    output::refuse_existing(&arguments.out, *force)?;
    if let Some(path) = &arguments.write_statistics {
        output::refuse_existing_as("--write-statistics", path, *force)?;
    }
    arguments.features.check()?;
    let pool = sampler.pool()?;
    let mut card = Card::new("eval");
    let samples = match (&arguments.model, &arguments.samples) {
        (Some(model), _) => {
            let count = arguments.count.unwrap_or(COUNT);
            let (images, model) = draw(model, sampler, count, &pool)?;
            card.models.push(model);
            card.sampler = Some(sampler.card(count));
            images
        }
        (None, Some(path)) => {
            let images = first(Images::read(path)?, arguments.count, path)?;
            card.settings.insert("samples".to_owned(), path.display().to_string().into());
            card.settings.insert("samples_sha256".to_owned(), images.sha256(&[]).into());
            images
        }
        (None, None) => unreachable!("the command line asks for one of them"),
    };
    let (extractor, settings) = arguments.features.extractor(data, &pool)?;
    card.settings.extend(settings);
    let features = pool.install(|| extractor.features(&samples))?;
    let moments = Moments::of(features.values(), features.dimension())?;
    if moments.is_singular() {
        few("samples", &features);
    }

    let (frechet, kernel) = match &arguments.reference {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|cause| cannot_read(path, &cause))?;
            card.settings.insert("reference".to_owned(), path.display().to_string().into());
            card.settings.insert("reference_sha256".to_owned(), sha256(&bytes).into());
            (moments.distance(&statistics::read(path)?)?, None)
        }
        None => {
            let dataset = data.load()?;
            let images = Images::of_dataset(&dataset);
            if !extractor.resizes() {
                samples.matches(images.shape())?;
            }
            card.data.push(data.card(&dataset));
            let reference = pool.install(|| extractor.features(&images))?;
            let of_reference = Moments::of(reference.values(), reference.dimension())?;
            if of_reference.is_singular() {
                few("reference images", &reference);
            }
            let kernel = pool.install(|| kernel_distance(&features, &reference, sampler.seed()))?;
            (moments.distance(&of_reference)?, Some(kernel))
        }
    };
    card.settings.insert("seed".to_owned(), sampler.seed().into());
    card.settings.insert("dimension".to_owned(), features.dimension().into());
    card.results.insert("samples".to_owned(), samples.count().into());
    card.results.insert("frechet_distance".to_owned(), json!(frechet));
    card.results.extend(kernel.map(|kernel| ("kernel_distance".to_owned(), json_of(&kernel))));
    if let Some(path) = &arguments.write_statistics {
        output::write(path, &statistics::to_bytes(&moments))?;
    }
    output::write(&arguments.out, card.json().as_bytes())?;
    print(&table(&card, frechet, kernel, &arguments.out))
}

/// The first `count` images.
fn first(images: Images, count: Option<usize>, path: &Path) -> Result<Images, Failure> {
    match count {
        Some(count) if count > images.count() => Err(Failure::Usage(format!(
            "--count {count}: {} holds {} images; ask for as many or fewer, or leave the option out",
            path.display(),
            images.count()
        ))),
        Some(count) => Ok(images.select(&(0..count).collect::<Vec<_>>())),
        None => Ok(images),
    }
}

fn cannot_read(path: &Path, cause: &std::io::Error) -> Failure {
    Failure::Other(format!("cannot read {}: {cause}", path.display()).into())
}

/// Warns of a covariance without full rank.
fn few(what: &str, features: &Features) {
    note(&format!(
        "warning: {} {what} for {} features: the covariance has no full rank, and the Fréchet distance depends on their \
         number more than on what they show; take more of them, and compare only distances of equal numbers",
        features.count(),
        features.dimension()
    ));
}

fn json_of(kernel: &KernelDistance) -> Value {
    json!({
        "mean": kernel.mean,
        "std": kernel.std,
        "standard_error": kernel.standard_error,
        "subsets": kernel.subsets,
        "subset_size": kernel.size,
    })
}

fn table(card: &Card, frechet: f64, kernel: Option<KernelDistance>, out: &Path) -> String {
    let mut rows = vec![("Fréchet distance", format!("{frechet:.4}"))];
    if let Some(KernelDistance { mean, standard_error, subsets, size, .. }) = kernel {
        let error = standard_error.map_or(String::new(), |error| format!(" ± {error:.6}"));
        rows.push(("kernel distance", format!("{mean:.6}{error} ({subsets} subsets of {size})")));
    }
    let text = |key: &str| card.settings.get(key).map_or(String::new(), |value| value.to_string().replace('"', ""));
    let accuracy = card.settings.get("test_accuracy").and_then(Value::as_f64);
    let accuracy = accuracy.map_or(String::new(), |share| format!(", test accuracy {:.2} %", 100.0 * share));
    rows.push(("features", format!("{} of {}{accuracy}", text("dimension"), text("features"))));
    rows.push(("samples", card.results.get("samples").map_or(String::new(), Value::to_string)));
    if let Some(data) = card.data.first() {
        rows.push(("reference", format!("{} images of {}", data.count, data.dataset)));
    }
    rows.push(("report", out.display().to_string()));
    rows.iter().map(|(name, value)| format!("{name:18} {value}\n")).collect()
}
