//! What a person is told before and after training.

use super::{Failure, note, print, progress, quoted};
use crate::dataset::Dataset;
use crate::export::picture::{PictureError, refuse_grid, sample_grid};
use crate::quantise::model_file;
use crate::run::RunFolder;
use crate::run::config::Config;
use crate::run::folder::{MODEL, MODEL_FLOAT32, SAMPLES, SAMPLES_INT8};
use crate::sampling::{Agreement, Settings, agreement, sample_telling};
use crate::training::Trainer;
use vapo_format::{Arithmetic, Encoding, Model};
use vapo_sampler::{Schedule, Solver, arena};

/// Images of a sample grid.
const IMAGES: usize = 64;
/// Trajectories along which the int8 model's drift is compared.
const TRAJECTORIES: usize = 16;
/// Steps of the solver.
const STEPS: u16 = 20;

/// Why the images make no picture: training takes any number of channels, pictures do not.
fn no_picture(config: &Config) -> Option<PictureError> {
    refuse_grid(IMAGES, config.architecture.signal, None).err()
}

/// Says what will be trained, and what of it will not be seen.
pub(super) fn before(config: &Config, dataset: &Dataset, folder: &RunFolder<'_>) {
    let shape = dataset.shape();
    note(&format!(
        "{}: {} images of {}×{}×{}; preset {}: {} parameters; {} threads",
        config.dataset,
        dataset.len(),
        shape.height,
        shape.width,
        shape.channels,
        config.preset,
        config.architecture.parameters(),
        config.threads
    ));
    if let Some(cause) = no_picture(config) {
        if shape.channels == 4 {
            note(
                "note: is the fourth channel transparency? It is learned as a colour is: leave it out with array[..., :3]",
            );
        }
        note(&format!(
            "note: {cause}: {SAMPLES} and {SAMPLES_INT8} are left out; to see numbers once it is trained: \
             vapo-train sample --model {} --out samples.npy",
            quoted(&folder.file(MODEL))
        ));
    }
}

/// Quantises, samples both models through the device's code, writes the model and the pictures, and prints the table.
///
/// The float model is that of the last float weights there were: what int8 holds is compared with what it stands for, not
/// with itself.
pub(super) fn after(config: &Config, trainer: &Trainer<'_>, folder: &RunFolder<'_>) -> Result<(), Failure> {
    let architecture = &config.architecture;
    let before_rest = trainer.average_before_rest();
    let float_file = model_file(architecture, before_rest.unwrap_or(trainer.average()), Encoding::Float32)?;
    let int8_file = model_file(architecture, trainer.average(), Encoding::Int8)?;
    folder.write(MODEL, &int8_file)?;
    folder.write(MODEL_FLOAT32, &float_file)?;
    let (float, int8) = (Model::parse(&float_file)?, Model::parse(&int8_file)?);
    let settings = Settings {
        count: IMAGES,
        solver: Solver::default(),
        schedule: Schedule::graded(STEPS, Schedule::EXPONENT)?,
        temperature: Solver::default().usual_temperature(),
        seed: config.seed,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads).build()?;
    let pictures = if no_picture(config).is_none() { vec![(&float, SAMPLES), (&int8, SAMPLES_INT8)] } else { vec![] };
    note("all steps are done; sampling both models");
    let compared = if before_rest.is_some() { 2 } else { 1 };
    let bar = progress::bar(pictures.len() * IMAGES + compared * TRAJECTORIES, "samples");
    for (model, name) in pictures {
        let images = pool.install(|| sample_telling(model, &settings, || bar.inc(1)))?;
        folder.write(name, &sample_grid(&images, architecture.signal)?.png())?;
    }
    let few = Settings { count: TRAJECTORIES, ..settings };
    let mut drifts = vec![("drift, float and int8", pool.install(|| agreement(&float, &int8, &few, || bar.inc(1)))?)];
    if let Some(parameters) = before_rest {
        let rounded = model_file(architecture, parameters, Encoding::Int8)?;
        let rounded = Model::parse(&rounded)?;
        drifts.push(("drift, only rounded", pool.install(|| agreement(&float, &rounded, &few, || bar.inc(1)))?));
    }
    bar.finish_and_clear();
    print(&table(config, folder, int8_file.len(), &drifts))
}

fn table(config: &Config, folder: &RunFolder<'_>, file_bytes: usize, drifts: &[(&'static str, Agreement)]) -> String {
    let elements = arena::elements(&config.architecture, Arithmetic::Float, Solver::default());
    let at = |name| folder.file(name).display().to_string();
    let picture = |name| no_picture(config).map_or_else(|| at(name), |cause| format!("none: {cause}"));
    let mut rows = vec![
        ("parameters", config.architecture.parameters().to_string()),
        ("model", format!("{} ({file_bytes} bytes)", at(MODEL))),
        ("arena", format!("{} bytes (solver {})", 4 * elements, Solver::default().name())),
    ];
    rows.extend(drifts.iter().map(|&(name, Agreement { mean_cosine, least_cosine })| {
        (name, format!("cosine {mean_cosine:.6} (least {least_cosine:.6})"))
    }));
    rows.extend([("samples, float", picture(SAMPLES)), ("samples, int8", picture(SAMPLES_INT8))]);
    let lines: String = rows.iter().map(|(name, value)| format!("{name:22} {value}\n")).collect();
    format!("\n{lines}")
}
