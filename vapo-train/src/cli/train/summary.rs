//! What a person is told before and after training.

use crate::arithmetic::levels::levels;
use crate::calibration::inputs::{Images, inputs};
use crate::calibration::{self, CalibrationError, integer_model};
use crate::cli::device::report::Report;
use crate::cli::options::pool;
use crate::cli::rewritten::with_classifier;
use crate::cli::{Failure, answer, note, print, progress, quoted};
use crate::dataset::Dataset;
use crate::export::picture::series::{Samples, refuse_samples, samples};
use crate::export::picture::{Picture, PictureError, grid, refuse_grid};
use crate::files::digest::sha256;
use crate::quantise::{Precision, model_file};
use crate::run::RunFolder;
use crate::run::config::Config;
use crate::run::distillation::way;
use crate::run::folder::{FORMER, MODEL, MODEL_FLOAT32, PAIRS, REPORT, SAMPLES, SAMPLES_INTEGER, model_of};
use crate::sampling::classification::{self, TIME, learn};
use crate::sampling::{Agreement, Asked, Settings, agreement, sample_telling, to_raw};
use crate::training::Trainer;
use rayon::ThreadPool;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use vapo_format::{Arithmetic, Classifier, Encoding, Model};
use vapo_sampler::{Schedule, Solver, arena};

/// Images of a sample grid.
const IMAGES: usize = 64;
/// Trajectories along which drifts are compared.
const TRAJECTORIES: usize = 16;
/// Steps of the solver.
const STEPS: u16 = 20;

/// Images of a class.
const CLASS_IMAGES: u32 = 8;

/// Images of a picture of samples, and how many of them stand in a row: those of a class, where there are classes.
fn picture_of(config: &Config) -> (usize, Option<NonZeroU32>) {
    match config.architecture.classes {
        0 => (IMAGES, None),
        classes => (usize::from(classes) * CLASS_IMAGES as usize, NonZeroU32::new(CLASS_IMAGES)),
    }
}

/// Why the samples make no picture: training takes images of any number of channels, pictures do not.
fn no_picture(config: &Config) -> Option<PictureError> {
    let (count, columns) = picture_of(config);
    match config.series {
        Some(_) => refuse_samples(count, config.architecture.signal, columns).err(),
        None => refuse_grid(count, config.architecture.signal, columns).err(),
    }
}

/// The picture of samples: images, or windows in raw units.
fn picture(
    model: &Model<'_>,
    dataset: &Dataset,
    columns: Option<NonZeroU32>,
    mut drawn: Vec<f32>,
) -> Result<Picture, Failure> {
    let shape = model.signal();
    let Some(series) = dataset.series() else { return Ok(grid(&levels(&drawn), shape, columns)?) };
    to_raw(model, &mut drawn);
    let title = format!("{} samples of {} readings", drawn.len() / shape.elements(), shape.width);
    Ok(samples(&Samples { title: &title, values: &drawn, shape, columns, names: series.channels() })?)
}

/// Says what will be trained, and what of it will not be seen.
pub(super) fn before(config: &Config, dataset: &Dataset, folder: &RunFolder<'_>) {
    let shape = dataset.shape();
    let extent = match dataset.series() {
        Some(_) => format!("{} readings, channels {}", shape.width, shape.channels),
        None => format!("{}×{}×{}", shape.height, shape.width, shape.channels),
    };
    note(&format!(
        "{}: {} {} of {extent}; preset {}: {} parameters; {} threads",
        config.dataset,
        dataset.len(),
        config.dataset.samples(),
        config.preset,
        config.architecture.parameters(),
        config.threads
    ));
    if let Some(start) = &config.start {
        note(&format!("starting from the weights of {}", start.model.display()));
    }
    if let Some(taught) = &config.distillation {
        let (evaluations, solver) = (taught.evaluations, way(taught.evaluations).0.name());
        note(&format!(
            "learning from {}; samples will be those of `sample --solver {solver} --steps {evaluations}`",
            taught.teacher.display()
        ));
    }
    if let Some(taught) = &config.reflow {
        let bytes = 2 * taught.pairs * shape.elements() as u64;
        note(&format!(
            "straightening {}; the ends of its ways take up to {} MB in {}",
            taught.teacher.display(),
            bytes.div_ceil(1_000_000),
            folder.file(PAIRS).display()
        ));
    }
    if config.architecture.classes > 0 {
        let numbered = |(class, name): (usize, &String)| format!("{class} {name}");
        let named =
            dataset.class_names().map(|names| names.iter().enumerate().map(numbered).collect::<Vec<_>>().join(", "));
        let named = named.unwrap_or_else(|| format!("0 to {}", config.architecture.classes - 1));
        note(&format!(
            "classes: {named}; {} % of the samples are shown without theirs",
            (1000.0 * config.unconditional).round() / 10.0
        ));
    }
    if let Some(cause) = no_picture(config) {
        if shape.channels == 4 {
            note(
                "note: is the fourth channel transparency? It is learned as a colour is: leave it out with array[..., :3]",
            );
        }
        note(&format!(
            "note: {cause}: {SAMPLES} and {SAMPLES_INTEGER} are left out; to see numbers once it is trained: \
             vapo-train sample --model {} --out samples.npy",
            quoted(&folder.file(MODEL))
        ));
    }
}

/// Quantises, chooses integers, samples the float model and that of the device, writes models and pictures, and prints the
/// table.
///
/// The float model is that of the last float weights there were: what the file holds is compared with what it stands for, not
/// with itself.
pub(super) fn after(
    config: &Config,
    dataset: &Dataset,
    trainer: &Trainer<'_>,
    folder: &RunFolder<'_>,
) -> Result<(), Failure> {
    let architecture = &config.architecture;
    let (average, before_rest) = (trainer.average()?, trainer.average_before_rest());
    let float_file = model_file(architecture, before_rest.unwrap_or(&average), Encoding::Float32)?;
    let (weights, encoding) = (config.weights, config.weights.encoding());
    let scaled_file = model_file(architecture, &average, encoding)?;
    folder.remove(FORMER)?;
    for other in Precision::ALL.into_iter().filter(|other| *other != weights) {
        folder.remove(model_of(other))?;
    }
    let pool = pool(Some(config.threads))?;
    let classified = |file| classified(file, dataset, &pool);
    let (float_file, scaled_file) = (classified(float_file)?, classified(scaled_file)?);
    folder.write(model_of(weights), &scaled_file)?;
    folder.write(MODEL_FLOAT32, &float_file)?;
    let (float, scaled) = (Model::parse(&float_file)?, Model::parse(&scaled_file)?);
    if let Err(cause) = calibration::check(architecture) {
        for name in [MODEL, REPORT, SAMPLES_INTEGER] {
            folder.remove(name)?;
        }
        note(&format!("all steps are done; sampling the model ({cause})"));
        return floats_alone(config, dataset, folder, [&float, &scaled], &pool);
    }
    note("all steps are done; measuring activations, and sampling both models");
    let evaluations = config.distillation.as_ref().map(|taught| taught.evaluations);
    let calibrated = calibration::Settings { evaluations, ..calibration::Settings::default() };
    let (integer_file, report) = pool
        .install(|| integers(&scaled, dataset, &calibrated))
        .map_err(|cause| without_integers(&cause, weights, folder))?;
    let integer_file = classified(integer_file)?;
    let integer = Model::parse(&integer_file)?;
    folder.write(MODEL, &integer_file)?;
    folder.write(REPORT, report.json().as_bytes())?;
    // A row a class where a model has some.
    let (images, columns) = picture_of(config);
    let (solver, schedule, temperature) = match evaluations.map(way) {
        Some(way) => way,
        None => (Solver::default(), Schedule::usual(STEPS)?, Solver::default().usual_temperature()),
    };
    let settings = Settings {
        count: images,
        solver,
        schedule,
        temperature,
        seed: config.seed,
        asked: if columns.is_some() { Asked::each(CLASS_IMAGES as usize) } else { Asked::default() },
    };
    let pictures =
        if no_picture(config).is_none() { vec![(&float, SAMPLES), (&integer, SAMPLES_INTEGER)] } else { vec![] };
    let compared = if before_rest.is_some() { 2 } else { 1 };
    let bar = progress::bar(pictures.len() * images + compared * TRAJECTORIES, "samples");
    for (model, name) in pictures {
        let drawn = pool.install(|| sample_telling(model, &settings, || bar.inc(1)))?;
        folder.write(name, &picture(model, dataset, columns, drawn)?.png())?;
    }
    let few = Settings { count: TRAJECTORIES, ..settings };
    let named = format!("drift, float and {weights}");
    let mut drifts = vec![(named, pool.install(|| agreement(&float, &scaled, &few, || bar.inc(1)))?)];
    if let Some(parameters) = before_rest {
        let rounded = model_file(architecture, parameters, encoding)?;
        let rounded = Model::parse(&rounded)?;
        drifts.push((
            "drift, only rounded".to_owned(),
            pool.install(|| agreement(&float, &rounded, &few, || bar.inc(1)))?,
        ));
    }
    bar.finish_and_clear();
    print(&table(config, folder, &integer_file, &drifts, &report))?;
    let picture = |name| no_picture(config).is_none().then(|| folder.file(name));
    answer::object(&json!({
        "command": "train",
        "parameters": config.architecture.parameters(),
        "model": folder.file(MODEL),
        "bytes": integer_file.len(),
        "sha256": sha256(&integer_file),
        "arena": 4 * arena::elements(&config.architecture, Arithmetic::Integer, solver),
        "solver": solver.name(),
        "drift": drifts.iter().map(|(name, agreement)| drift(name, agreement)).collect::<Value>(),
        "report": report,
        "samples_float": picture(SAMPLES),
        "samples_integer": picture(SAMPLES_INTEGER),
    }))
}

/// How near two drifts are, for programs.
fn drift(name: &str, &Agreement { mean_cosine, least_cosine }: &Agreement) -> Value {
    json!({ "compared": name, "mean_cosine": mean_cosine, "least_cosine": least_cosine })
}

/// What comes after a training whose network is computed in floats alone: a picture of its samples, and how near the model of
/// scaled weights is to it.
fn floats_alone(
    config: &Config,
    dataset: &Dataset,
    folder: &RunFolder<'_>,
    [float, scaled]: [&Model<'_>; 2],
    pool: &ThreadPool,
) -> Result<(), Failure> {
    let (images, columns) = picture_of(config);
    let settings = Settings {
        count: images,
        solver: Solver::default(),
        schedule: Schedule::usual(STEPS)?,
        temperature: Solver::default().usual_temperature(),
        seed: config.seed,
        asked: if columns.is_some() { Asked::each(CLASS_IMAGES as usize) } else { Asked::default() },
    };
    let pictured = no_picture(config).is_none();
    let bar = progress::bar(TRAJECTORIES + if pictured { images } else { 0 }, "samples");
    if pictured {
        let drawn = pool.install(|| sample_telling(float, &settings, || bar.inc(1)))?;
        folder.write(SAMPLES, &picture(float, dataset, columns, drawn)?.png())?;
    }
    let few = Settings { count: TRAJECTORIES, ..settings };
    let Agreement { mean_cosine, least_cosine } = pool.install(|| agreement(float, scaled, &few, || bar.inc(1)))?;
    bar.finish_and_clear();
    let at = |name| folder.file(name).display().to_string();
    let weights = config.weights;
    print(&format!(
        "parameters                {}\nmodel                     {}\nmodel, {weights:<19}{}\ndrift, float and {weights:<9}cosine \
         {mean_cosine:.6} (least {least_cosine:.6})\nsamples                   {}\n",
        config.architecture.parameters(),
        at(MODEL_FLOAT32),
        at(model_of(weights)),
        no_picture(config).map_or_else(|| at(SAMPLES), |cause| format!("none: {cause}")),
    ))?;
    answer::object(&json!({
        "command": "train",
        "parameters": config.architecture.parameters(),
        "model": folder.file(MODEL_FLOAT32),
        "scaled_model": folder.file(model_of(weights)),
        "drift": [drift(&format!("drift, float and {weights}"), &Agreement { mean_cosine, least_cosine })],
        "samples_float": pictured.then(|| folder.file(SAMPLES)),
    }))
}

/// The file with a classifier, where the model has classes to tell.
fn classified(file: Vec<u8>, dataset: &Dataset, pool: &ThreadPool) -> Result<Vec<u8>, Failure> {
    let model = Model::parse(&file)?;
    if model.classes() < 2 || dataset.labels().is_none() {
        return Ok(file);
    }
    let bar = progress::bar(dataset.len().min(classification::IMAGES), "images to learn classes from");
    let section = pool.install(|| learn(&model, dataset, TIME, || bar.inc(1)))?;
    bar.finish_and_clear();
    let classifier = Classifier::new(&section);
    classifier.map_or_else(|| Ok(file.clone()), |classifier| with_classifier(&model, classifier))
}

/// The file of integer arithmetic, and what is to be known of it.
fn integers(
    scaled: &Model<'_>,
    dataset: &Dataset,
    settings: &calibration::Settings,
) -> Result<(Vec<u8>, Report), CalibrationError> {
    let images = Images::new(scaled, Some(dataset), settings)?;
    let bar = progress::bar(inputs(scaled, &images, settings).len(), "calibration inputs");
    let found = integer_model(scaled, &images, settings, || bar.inc(1))?;
    bar.finish_and_clear();
    let float = Model::parse(&found.float)?;
    let report = Report::new(&found.file, &float, &images, settings, found.coarser)?;
    Ok((found.file, report))
}

/// Says what there is in place of an integer model. One of earlier weights does not stay.
fn without_integers(cause: &CalibrationError, weights: Precision, folder: &RunFolder<'_>) -> Failure {
    for name in [MODEL, REPORT, SAMPLES_INTEGER] {
        // The cause is what a person has to know of.
        let _ = folder.remove(name);
    }
    let float = folder.file(model_of(weights));
    Failure::because(cause, format!("no integer model: {cause}; the model in float arithmetic is {}", float.display()))
}

fn table(
    config: &Config,
    folder: &RunFolder<'_>,
    file: &[u8],
    drifts: &[(String, Agreement)],
    report: &Report,
) -> String {
    let solver = config.distillation.as_ref().map_or(Solver::default(), |taught| way(taught.evaluations).0);
    let elements = arena::elements(&config.architecture, Arithmetic::Integer, solver);
    let at = |name| folder.file(name).display().to_string();
    let picture = |name| no_picture(config).map_or_else(|| at(name), |cause| format!("none: {cause}"));
    let mut rows = vec![
        ("parameters", config.architecture.parameters().to_string()),
        ("model", format!("{} ({} bytes)", at(MODEL), file.len())),
        ("arena", format!("{} bytes (solver {})", 4 * elements, solver.name())),
    ];
    rows.extend(drifts.iter().map(|(name, Agreement { mean_cosine, least_cosine })| {
        (name.as_str(), format!("cosine {mean_cosine:.6} (least {least_cosine:.6})"))
    }));
    rows.extend([
        ("drift, integer", report.drift()),
        ("samples, float", picture(SAMPLES)),
        ("samples, integer", picture(SAMPLES_INTEGER)),
    ]);
    let lines: String = rows.iter().map(|(name, value)| format!("{name:22} {value}\n")).collect();
    format!("\n{}{lines}", report.larger_scales())
}
