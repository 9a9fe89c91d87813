//! The model that a run begins as: its file, read and checked before anything is trained.

use super::Arguments;
use crate::cli::options::plan::resolved;
use crate::cli::{Code, Failure, distilled, parse_any_model, read_model};
use crate::dataset::Dataset;
use crate::files::digest::sha256;
use crate::path::Times;
use crate::quantise::parameters;
use crate::run::config::{Budget, Config};
use crate::run::distillation::Distillation;
use crate::run::folder::MODEL_FLOAT32;
use crate::run::preset::Preset;
use crate::run::reflow::Reflow;
use crate::run::start::Start;
use std::path::{Path, PathBuf};
use vapo_format::Architecture;

/// Steps of a distillation, where no budget is chosen: a student begins near to where it will be.
const STEPS: u64 = 3000;
/// Images of its step, where no number is chosen: the more are compared, the better is known how their densities differ.
const BATCH: usize = 256;
/// Its evaluations, where no number is chosen.
const EVALUATIONS: u16 = 2;
/// Part of the preset's learning rate that a run takes which begins as a model: it begins near to where it will be.
const RATE: f32 = 0.25;
/// Pairs of a reflow, where no number is chosen.
const PAIRS: u64 = 65_536;
/// Share of them that begin with an image, where none is chosen.
const REAL: f32 = 0.25;

/// The option of a run that has nothing of a model but its weights.
const FROM: &str = "--from";

/// A model that another one begins as.
pub(super) struct Teacher {
    /// The option that names it.
    option: &'static str,
    /// Its file.
    pub(super) file: PathBuf,
    /// SHA-256 of the file, in hexadecimal.
    pub(super) sha256: String,
    pub(super) architecture: Architecture,
    pub(super) parameters: Vec<f32>,
}

impl Teacher {
    /// The model that an option names, if one does.
    ///
    /// # Errors
    /// As [`Teacher::read`].
    pub(super) fn chosen(arguments: &Arguments) -> Result<Option<Self>, Failure> {
        named(arguments).map(|(option, path)| Teacher::read(option, path)).transpose()
    }

    /// Reads a model file of float arithmetic, or that of a run folder, which an option names.
    ///
    /// # Errors
    /// No such file, or a model of integer arithmetic.
    fn read(option: &'static str, path: &Path) -> Result<Self, Failure> {
        let file = if path.is_dir() { path.join(MODEL_FLOAT32) } else { path.to_owned() };
        if let Some(evaluations) = distilled::evaluations(&file) {
            return Err(Failure::Usage(format!(
                "{option} {}: it was distilled to draw in {evaluations} evaluations, and knows the potential at their times alone: give the \
                 model that it was distilled from",
                path.display()
            )));
        }
        let bytes = read_model(&file)?;
        let model = parse_any_model(&file, &bytes)?;
        let parameters = parameters(&model).ok_or_else(|| {
            Failure::Refused(Code::ModelArithmetic, format!(
                "{option} {}: expected weights of float arithmetic, found integers: give {MODEL_FLOAT32} of the same run, or its \
                 folder",
                path.display()
            ))
        })?;
        Ok(Teacher { option, sha256: sha256(&bytes), architecture: model.architecture(), parameters, file })
    }

    /// Refuses a run folder that it lies in: the run would take its place.
    ///
    /// # Errors
    /// It does.
    pub(super) fn lies_outside(&self, run: &Path) -> Result<(), Failure> {
        if !resolved(&self.file).starts_with(resolved(run)) {
            return Ok(());
        }
        Err(Failure::Refused(
            Code::OutputClash,
            format!(
                "--out {}: the run would replace the model that it begins as, {} {}: give another folder",
                run.display(),
                self.option,
                self.file.display()
            ),
        ))
    }

    /// The preset of its network, or the usual one where it is none's: it says how long to train and how fast.
    pub(super) fn preset(&self) -> Preset {
        let Architecture { signal, homotopy, classes, ref nodes, .. } = self.architecture;
        let is_its = |preset: &Preset| preset.conditional(signal, homotopy, classes).nodes == *nodes;
        let of_its = Preset::all().into_iter().find(is_its);
        of_its.or_else(|| Preset::named(Preset::usual(signal))).unwrap_or_else(|| unreachable!("a usual preset is one"))
    }

    /// Refuses samples other than those that it draws.
    ///
    /// # Errors
    /// Another extent, scaling or number of classes.
    pub(super) fn check(&self, dataset: &Dataset) -> Result<(), Failure> {
        let Architecture { signal, classes, scaling, .. } = &self.architecture;
        // Other data are what `--from` is for.
        let is_start = self.option == FROM;
        let remedy =
            if is_start { "give a data set of such samples" } else { "give the data set that it learned from" };
        let refuse = |expected: String, found: String| {
            Err(Failure::Refused(
                Code::DataUnlike,
                format!(
                    "{} {}: it draws {expected}, the data set {} has {found}: {remedy}",
                    self.option,
                    self.file.display(),
                    dataset.name()
                ),
            ))
        };
        if dataset.shape() != *signal {
            return refuse(signal.to_string(), dataset.shape().to_string());
        }
        if !is_start && dataset.scaling() != scaling.as_slice() {
            return refuse("values of one scaling".to_owned(), "values of another".to_owned());
        }
        let labelled = if dataset.labels().is_some() { dataset.classes() } else { 0 };
        if *classes > 0 && labelled != *classes {
            return refuse(format!("{classes} classes"), labelled.to_string());
        }
        Ok(())
    }

    /// Makes a run one that begins as this model.
    pub(super) fn teach(&self, config: Config, dataset: &Dataset, arguments: &Arguments) -> Config {
        let learning_rate = arguments.lr.unwrap_or(RATE * config.learning_rate);
        let unconditional = arguments.choices().unconditional_of(self.architecture.classes);
        // Values are scaled as the data are: for a student this is its teacher's scaling.
        let scaling = config.architecture.scaling.clone();
        let architecture = Architecture { scaling, ..self.architecture.clone() };
        let labels = dataset.labels_digest().filter(|_| architecture.classes > 0);
        let config = Config { architecture, learning_rate, unconditional, labels, ..config };
        let (teacher, sha256) = (self.file.clone(), self.sha256.clone());
        if self.option == FROM {
            return Config { start: Some(Start { model: teacher, sha256 }), ..config };
        }
        if arguments.reflow.is_some() {
            let (pairs, real) = (arguments.pairs.unwrap_or(PAIRS), arguments.real.unwrap_or(REAL));
            // Few evaluations begin at time 0, which other times leave out.
            let times = arguments.times.unwrap_or(Times::Uniform);
            // Pairs are what they are: neither mirrored nor blurred.
            let (flip, data_noise) = (false, 0.0);
            return Config { reflow: Some(Reflow { teacher, sha256, pairs, real }), times, flip, data_noise, ..config };
        }
        let evaluations = arguments.evaluations.unwrap_or(EVALUATIONS);
        let choices = arguments.choices();
        Config {
            distillation: Some(Distillation { teacher, sha256, evaluations }),
            batch: choices.batch.unwrap_or(BATCH),
            budget: choices.budget.unwrap_or(Budget::Steps(STEPS)),
            ..config
        }
    }

    /// The teacher of a run that goes on: where it was, or where it is said to be now. None of a run that learns from data.
    ///
    /// # Errors
    /// Another file than the run began with, or one of a run that has none, or has one by another option.
    pub(super) fn of_run(config: &mut Config, arguments: &Arguments, run: &Path) -> Result<Option<Self>, Failure> {
        let chosen = named(arguments);
        let refuse = |option: &str, path: &Path, what: &str| {
            Err(Failure::Refused(
                Code::RunSettings,
                format!(
                    "{option} {}: the run in {} {what}, and a resumed run keeps its settings; leave the option out, or begin another run \
                 with --out",
                    path.display(),
                    run.display()
                ),
            ))
        };
        let (option, file, sha256) = match (config.teacher(), chosen) {
            (None, None) => return Ok(None),
            (None, Some((option, path))) => return refuse(option, path, "learns from data"),
            (Some((its, ..)), Some((option, path))) if option != its => {
                return refuse(option, path, &format!("has its teacher by {its}"));
            }
            (Some(teacher), _) => teacher,
        };
        let path = chosen.map_or(file.as_path(), |(_, path)| path);
        if chosen.is_none() && !path.exists() {
            let (path, run) = (path.display(), run.display());
            let cause = format!(
                "{path}: the model that the run in {run} learns from is not there: say where it is now, with {option}"
            );
            return Err(Failure::told(Code::RunOther, cause));
        }
        let teacher = Teacher::read(option, path)?;
        if teacher.sha256 != sha256 {
            return Err(Failure::Refused(
                Code::RunOther,
                format!(
                    "{}: it is not the model that the run in {} learns from: expected SHA-256 {sha256}, found {}; say where the former is \
                 with {option}",
                    teacher.file.display(),
                    run.display(),
                    teacher.sha256
                ),
            ));
        }
        file.clone_from(&teacher.file);
        Ok(Some(teacher))
    }
}

/// The option that names a model to begin as, and its path.
fn named(arguments: &Arguments) -> Option<(&'static str, &Path)> {
    let Arguments { from, distil, reflow, .. } = arguments;
    [(FROM, from), ("--distil", distil), ("--reflow", reflow)]
        .into_iter()
        .find_map(|(option, path)| Some((option, path.as_deref()?)))
}
