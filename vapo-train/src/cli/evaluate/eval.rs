//! `vapo-train eval`: how far samples are from a data set.

use super::samples::draw;
use crate::cli::card::{Card, ModelCard};
use crate::cli::options::{AdaptiveOptions, ClassOptions, DataOptions, FeatureOptions, Plan};
use crate::cli::{Code, Failure, answer, from_one_to, note, parse_model, print, read_model, team};
use crate::dataset::Dataset;
use crate::evaluation::image_set::matches;
use crate::evaluation::moments::check_dimension;
use crate::evaluation::{EvaluationError, Features, ImageSet, KernelDistance, Moments, kernel_distance, statistics};
use crate::files::bounded;
use crate::files::digest::sha256;
use crate::files::raster::Background;
use crate::sampling::{Asked, Request};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use vapo_format::Shape;

/// Samples of a model, if not said otherwise.
const COUNT: usize = 2000;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["model", "samples"]))]
pub(in crate::cli) struct Arguments {
    /// Model file whose samples are measured
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: Option<PathBuf>,
    /// Images to measure in place of samples of a model: a folder of image files, or an archive (.npz) with uint8 arr_0. Partly
    /// transparent images are laid on --background
    #[arg(long, value_name = "DIR|F.npz", conflicts_with_all = ["steps", "temperature", "solver", "grading", "extrapolation", "tolerance", "class", "guidance"])]
    samples: Option<PathBuf>,
    /// Number of samples [default: 2000 of a model, all of a folder or an archive]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1_000_000>())]
    count: Option<usize>,
    #[command(flatten)]
    pub(in crate::cli) data: DataOptions,
    #[command(flatten)]
    classes: ClassOptions,
    #[command(flatten)]
    sampler: AdaptiveOptions,
    #[command(flatten)]
    features: FeatureOptions,
    /// Mean and covariance to compare with in place of the data set's, as pytorch-fid writes them
    #[arg(long, value_name = "R.npz")]
    reference: Option<PathBuf>,
    /// Write mean and covariance of the samples, as pytorch-fid does
    #[arg(long, value_name = "S.npz")]
    write_statistics: Option<PathBuf>,
    /// Report to write, as JSON
    #[arg(long, value_name = "REPORT.json")]
    out: PathBuf,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

/// What samples are compared with.
enum Reference {
    /// The images of a data set.
    Data(Box<Dataset>, ImageSet),
    /// Mean and covariance out of a file.
    Statistics(Moments),
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { sampler, features, .. } = arguments;
    let (data, background) = &match &arguments.samples {
        Some(_) => arguments.data.beside_samples(),
        None => (arguments.data.clone(), None),
    };
    let outputs = plan(arguments).check()?;
    features.check()?;
    data.expect_images()?;
    let count = arguments.count.unwrap_or(COUNT);
    let (request, pool) = (sampler.request(count)?, sampler.fixed.pool()?);
    let mut card = Card::new("eval");

    // All that can be refused is, before a classifier is trained or a sample drawn.
    let file = arguments.model.as_deref().map(read_model).transpose()?;
    let model = arguments.model.as_deref().zip(file.as_deref());
    let model = model.map(|(path, bytes)| Ok::<_, Failure>((path, bytes, parse_model(path, bytes)?))).transpose()?;
    if count < 2 {
        return Err(EvaluationError::Few { expected: 2, found: count }.into());
    }
    // Of a model the extent is known before any file of the data set is opened.
    let mut asked = Asked::default();
    if let Some((_, _, model)) = &model {
        asked = arguments.classes.asked(model, count)?;
        features.dimension(model.signal())?;
    }
    if !team::writes() {
        // Rank 0 compares what all draw.
        return match &model {
            Some((_, _, model)) => draw(model, sampler, &Request { asked, ..request }, &pool).map(drop),
            None => Ok(()),
        };
    }
    let reference = reference(arguments, data, &mut card)?;
    // Samples of another extent are refused before there is memory for many.
    let accept = |shape| reference.accepts(shape, features.dimension(shape));
    let read = |path: &Path| first(read_images(path, background.unwrap_or_default(), accept)?, arguments.count, path);
    let given = arguments.samples.as_deref().map(read).transpose()?;
    let shape = match (&model, &given) {
        (Some((_, _, model)), _) => model.signal(),
        (None, Some(images)) => images.shape(),
        (None, None) => unreachable!("the command line asks for one of them"),
    };
    match &given {
        Some(images) if images.count() < 2 => {
            return Err(EvaluationError::Few { expected: 2, found: images.count() }.into());
        }
        Some(_) => {}
        None => accept(shape)?,
    }
    if let (Some(images), Reference::Data(_, others)) = (&given, &reference) {
        refuse_same(arguments, images.same(others))?;
    }

    let (extractor, settings_of_features) = features.extractor(data, shape, &pool)?;
    let dimension = extractor.dimension(shape)?;
    check_dimension(dimension)?;
    if let Reference::Statistics(moments) = &reference {
        moments.matches(dimension)?;
    }
    card.settings.extend(settings_of_features);
    let samples = match (model, given) {
        (Some((path, bytes, model)), _) => {
            card.models.push(ModelCard::new(path, bytes, &model));
            let (images, counts) = draw(&model, sampler, &Request { asked, ..request }, &pool)?;
            card.sampler = Some(arguments.classes.on(sampler.card(count, &counts)?));
            images
        }
        (None, Some(images)) => {
            let path = arguments.samples.as_deref().unwrap_or(Path::new("")).display().to_string();
            card.settings.insert("samples".to_owned(), path.into());
            card.settings.insert("samples_sha256".to_owned(), images.sha256(&[]).into());
            if let Some(background) = background {
                card.settings.insert("samples_background".to_owned(), background.to_string().into());
            }
            images
        }
        (None, None) => unreachable!("the command line asks for one of them"),
    };
    let of_samples = pool.install(|| extractor.features(&samples))?;
    let moments = Moments::of(of_samples.values(), of_samples.dimension())?;
    if moments.is_singular() {
        few("samples", &of_samples);
    }

    let (frechet, kernel) = match &reference {
        Reference::Statistics(others) => {
            refuse_same(arguments, moments.same(others))?;
            (moments.distance(others)?, None)
        }
        Reference::Data(dataset, images) => {
            card.data.push(data.card(dataset));
            let of_images = pool.install(|| extractor.features(images))?;
            let others = Moments::of(of_images.values(), of_images.dimension())?;
            if others.is_singular() {
                few("reference images", &of_images);
            }
            let kernel = pool.install(|| kernel_distance(&of_samples, &of_images, sampler.fixed.seed()))?;
            (moments.distance(&others)?, Some(kernel))
        }
    };
    card.settings.insert("seed".to_owned(), sampler.fixed.seed().into());
    card.settings.insert("dimension".to_owned(), dimension.into());
    card.results.insert("samples".to_owned(), samples.count().into());
    card.results.insert("frechet_distance".to_owned(), json!(frechet));
    card.results.extend(kernel.map(|kernel| ("kernel_distance".to_owned(), json_of(&kernel))));

    // First: a file that cannot be written takes no number away, nor another file.
    let printed = print(&table(&card, frechet, kernel)).and(answer::object(&card));
    let statistics = arguments.write_statistics.as_ref();
    let statistics = statistics.map_or(Ok(()), |path| outputs.write(path, &statistics::to_bytes(&moments)));
    outputs.write(&arguments.out, card.json().as_bytes())?;
    print(&format!("{:18} {}\n", "report", arguments.out.display()))?;
    statistics.and(printed)
}

fn plan(arguments: &Arguments) -> Plan {
    let Arguments { model, samples, reference, .. } = arguments;
    let plan = Plan::new(arguments.force).reads("--model", model).reads_pictures("--samples", samples);
    let plan = plan.reads("--reference", reference).reads_data(&arguments.data);
    plan.writes("--out", [&arguments.out]).writes("--write-statistics", &arguments.write_statistics)
}

impl Reference {
    /// Refuses samples of an extent, with so many features, that cannot be compared with it. Networks of one's own resize
    /// what they take: of theirs the number is not known here.
    fn accepts(&self, shape: Shape, dimension: Result<Option<usize>, EvaluationError>) -> Result<(), EvaluationError> {
        match (self, dimension) {
            (_, Ok(None)) => Ok(()),
            (Reference::Data(dataset, _), dimension) => {
                matches(shape, dataset.shape())?;
                dimension.map(drop)
            }
            (Reference::Statistics(moments), Ok(Some(dimension))) => moments.matches(dimension),
            (Reference::Statistics(_), Err(cause)) => Err(cause),
        }
    }
}

/// What samples are compared with, in the card too.
fn reference(arguments: &Arguments, data: &DataOptions, card: &mut Card) -> Result<Reference, Failure> {
    let Some(path) = &arguments.reference else {
        let dataset = data.load()?;
        let images = ImageSet::of_dataset(&dataset)?;
        return Ok(Reference::Data(Box::new(dataset), images));
    };
    let bytes = bounded::read_file(path, 1 << 31).map_err(|cause| cannot_read(path, &cause))?;
    card.settings.insert("reference".to_owned(), path.display().to_string().into());
    card.settings.insert("reference_sha256".to_owned(), sha256(&bytes).into());
    Ok(Reference::Statistics(statistics::read(path)?))
}

/// Refuses samples that are what they are compared with, unless it is for their statistics.
fn refuse_same(arguments: &Arguments, same: bool) -> Result<(), Failure> {
    if !same {
        return Ok(());
    }
    let samples = arguments
        .samples
        .as_ref()
        .or(arguments.model.as_ref())
        .map_or(String::new(), |path| path.display().to_string());
    let other = arguments.reference.as_ref().map_or_else(|| arguments.data.name(), |path| path.display().to_string());
    let told =
        format!("the samples of {samples} are the very images of {other}: their distance is 0, and says nothing");
    if arguments.write_statistics.is_some() {
        note(&format!("warning: {told}"));
        return Ok(());
    }
    Err(Failure::Refused(Code::DataUnlike, format!("{told}; compare with other images")))
}

/// The images of a folder or an archive, if their extent is accepted. What a person should know of them is said.
fn read_images(
    path: &Path,
    background: Background,
    accept: impl Fn(Shape) -> Result<(), EvaluationError>,
) -> Result<ImageSet, Failure> {
    let images = ImageSet::read_for(path, background, accept)?;
    images.notes().iter().for_each(|line| note(line));
    Ok(images)
}

/// The first `count` images.
fn first(images: ImageSet, count: Option<usize>, path: &Path) -> Result<ImageSet, Failure> {
    match count {
        Some(count) if count > images.count() => Err(Failure::Refused(
            Code::DataCount,
            format!(
                "--count {count}: {} holds {} images; ask for as many or fewer, or leave the option out",
                path.display(),
                images.count()
            ),
        )),
        Some(count) => Ok(images.select(&(0..count).collect::<Vec<_>>())),
        None => Ok(images),
    }
}

fn cannot_read(path: &Path, cause: &std::io::Error) -> Failure {
    Failure::told(Code::DataMissing, format!("cannot read {}: {cause}", path.display()))
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

fn table(card: &Card, frechet: f64, kernel: Option<KernelDistance>) -> String {
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
    if let Some(sampler) = card.sampler.as_ref().filter(|sampler| sampler.tolerance.is_some()) {
        rows.push(("evaluations", sampler.evaluations.to_string()));
    }
    if let Some(data) = card.data.first() {
        rows.push(("reference", format!("{} images of {}", data.count, data.dataset)));
    }
    rows.iter().map(|(name, value)| format!("{name:18} {value}\n")).collect()
}
