//! The teacher of a distillation: its file, read and checked before anything is trained.

use crate::cli::{Failure, parse_any_model, read_model};
use crate::dataset::Dataset;
use crate::files::digest::sha256;
use crate::quantise::parameters;
use crate::run::config::{Budget, Choices, Config};
use crate::run::distillation::Distillation;
use crate::run::folder::MODEL_FLOAT32;
use crate::run::preset::Preset;
use std::path::{Path, PathBuf};
use vapo_format::Architecture;

/// Steps, where no budget is chosen: a student begins near to where it will be.
const STEPS: u64 = 3000;
/// Part of the preset's learning rate that a student takes.
const RATE: f32 = 0.25;
/// Images of a step, where no number is chosen: the more are compared, the better is known how their densities differ.
const BATCH: usize = 256;

/// A model that another one learns from.
pub(super) struct Teacher {
    /// Its file.
    pub(super) file: PathBuf,
    /// SHA-256 of the file, in hexadecimal.
    pub(super) sha256: String,
    pub(super) architecture: Architecture,
    pub(super) parameters: Vec<f32>,
}

impl Teacher {
    /// Reads a model file of float arithmetic, or that of a run folder.
    ///
    /// # Errors
    /// No such file, or a model of integer arithmetic.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let file = if path.is_dir() { path.join(MODEL_FLOAT32) } else { path.to_owned() };
        let bytes = read_model(&file)?;
        let model = parse_any_model(&file, &bytes)?;
        let parameters = parameters(&model).ok_or_else(|| {
            Failure::Usage(format!(
                "--distil {}: expected weights of float arithmetic, found integers: give {MODEL_FLOAT32} of the same run, or its \
                 folder",
                path.display()
            ))
        })?;
        Ok(Teacher { sha256: sha256(&bytes), architecture: model.architecture(), parameters, file })
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
        let refuse = |expected: String, found: String| {
            Err(Failure::Usage(format!(
                "--distil {}: it draws {expected}, the data set {} has {found}: give the data set that it learned from",
                self.file.display(),
                dataset.name()
            )))
        };
        if dataset.shape() != *signal {
            return refuse(signal.to_string(), dataset.shape().to_string());
        }
        if dataset.scaling() != scaling.as_slice() {
            return refuse("values of one scaling".to_owned(), "values of another".to_owned());
        }
        let labelled = if dataset.labels().is_some() { dataset.classes() } else { 0 };
        if *classes > 0 && labelled != *classes {
            return refuse(format!("{classes} classes"), labelled.to_string());
        }
        Ok(())
    }

    /// Makes a run one of its student.
    pub(super) fn teach(&self, config: Config, choices: &Choices, evaluations: u16) -> Config {
        let learning_rate = choices.learning_rate.unwrap_or(RATE * config.learning_rate);
        let unconditional = if self.architecture.classes > 0 { config.unconditional } else { 0.0 };
        let distillation = Distillation { teacher: self.file.clone(), sha256: self.sha256.clone(), evaluations };
        Config {
            architecture: self.architecture.clone(),
            distillation: Some(distillation),
            learning_rate,
            unconditional,
            batch: choices.batch.unwrap_or(BATCH),
            budget: choices.budget.unwrap_or(Budget::Steps(STEPS)),
            ..config
        }
    }

    /// The teacher of a run that goes on: where it was, or where it is said to be now. None of a run that learns from data.
    ///
    /// # Errors
    /// Another file than the run began with.
    pub(super) fn of_run(config: &mut Config, chosen: Option<&Path>, run: &Path) -> Result<Option<Self>, Failure> {
        let Some(distillation) = &mut config.distillation else {
            return match chosen {
                None => Ok(None),
                Some(path) => Err(Failure::Usage(format!(
                    "--distil {}: the run in {} learns from data, and a resumed run keeps its settings; leave the option out, or \
                     begin another run with --out",
                    path.display(),
                    run.display()
                ))),
            };
        };
        let teacher = Teacher::read(chosen.unwrap_or(&distillation.teacher))?;
        if teacher.sha256 != distillation.sha256 {
            return Err(Failure::Usage(format!(
                "{}: it is not the model that the run in {} learns from: expected SHA-256 {}, found {}; say where the former is \
                 with --distil",
                teacher.file.display(),
                run.display(),
                distillation.sha256,
                teacher.sha256
            )));
        }
        distillation.teacher.clone_from(&teacher.file);
        Ok(Some(teacher))
    }
}
