//! `vapo-train`: trains, quantises, samples, and says what came out.

mod arguments;
mod extend;
mod follow;
mod kept;
mod summary;
mod teacher;

use super::options::data::load;
use super::options::plan::{refuse_standard_output, resolved};
use super::{Code, Failure, budget_option, interrupt, memory, next, note, option_value, quoted, team};
use crate::dataset::{Dataset, Files, Preparation, Size, Source, Split};
use crate::optimiser::Rule;
use crate::path::Coupling;
use crate::run::checkpoint::{Checkpoint, CheckpointError};
use crate::run::config::{Budget, Config, Device};
use crate::run::folder::{CHECKPOINT, CONFIG, PAIRS};
use crate::run::preset::Preset;
use crate::run::{Lock, RunFolder};
use crate::training::progress::Progress;
use crate::training::{Ending, Trainer, TrainingError, Watch, train};
pub(super) use arguments::Arguments;
use extend::{Extension, extend, record, seconds};
use kept::{keeps_settings, same_images};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use teacher::Teacher;
use vapo_format::{Homotopy, Shape};

/// Threads of a training, at most.
pub(super) const MOST_THREADS: usize = 1024;
/// Folder below which runs are kept if no other is given.
const RUNS: &str = "runs";

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    run_watched(arguments, &mut Progress::new())
}

/// As [`run`], for whoever shows in other ways how the training goes.
pub(super) fn run_watched(arguments: &Arguments, watch: &mut dyn Watch) -> Result<(), Failure> {
    let dataset = arguments.dataset.as_deref().unwrap_or(Source::Digits.name());
    let path = arguments.out.clone().unwrap_or_else(|| [RUNS, dataset].iter().collect());
    refuse_standard_output("--out", &path)?;
    if !team::writes() {
        return follow::follow(arguments, &path);
    }
    if arguments.resume { resume(arguments, &path, watch) } else { begin(arguments, dataset.parse()?, &path, watch) }
}

/// A new run. Whatever can be refused is, before a folder is made or an earlier run gives way.
fn begin(arguments: &Arguments, source: Source, path: &Path, watch: &mut dyn Watch) -> Result<(), Failure> {
    let files = arguments.files.files(source)?;
    if arguments.flip && source == Source::Series {
        return Err(Failure::Usage(
            "--flip: a series has a direction, and is not mirrored; leave the option out".to_owned(),
        ));
    }
    refuse_among_images(source, &files, path)?;
    refuse_without_teacher(arguments)?;
    if arguments.pool.is_some() && arguments.coupling != Some(Coupling::Ot) {
        return Err(Failure::Usage("--pool: it is of --coupling ot: give both, or leave it out".to_owned()));
    }
    let teacher = Teacher::chosen(arguments)?;
    teacher.iter().try_for_each(|teacher| teacher.lies_outside(path))?;
    // Where the extent is known beforehand, no image is prepared in vain.
    if let Some(Preparation { size: Some(Size { height, width }), channels: Some(channels), .. }) = files.preparation {
        preset_for(arguments, source, Shape { channels, height, width })?;
    }
    interrupt::at_once("interrupted before the first step");
    let lock = told(Lock::make(path)?);
    // Images may take minutes to prepare.
    RunFolder::refuse_existing(&lock, arguments.force)?;
    let dataset = load(source, Split::Train, &files)?;
    let preset = match &teacher {
        Some(teacher) => {
            teacher.check(&dataset)?;
            teacher.preset()
        }
        None => preset_for(arguments, source, dataset.shape())?,
    };
    refuse_classes(arguments, &dataset, teacher.as_ref())?;
    let choices = arguments.choices();
    let mut config = Config::new(source, &dataset, &files, &preset, &choices);
    if let Some(teacher) = &teacher {
        config = teacher.teach(config, &dataset, arguments);
    }
    if config.weight_decay > 0.0 && config.optimiser != Rule::Muon {
        return Err(Failure::Usage(format!(
            "--weight-decay {}: expected 0, or weights that muon moves, found {}: leave the option out, or give --optimiser muon",
            config.weight_decay,
            option_value(&config.optimiser)
        )));
    }
    refuse_several_ranks(&config)?;
    let trainer = Trainer::taught(&config, &dataset, teacher.map(|teacher| teacher.parameters)).map_err(refused)?;
    let trainer = trainer.in_team(team::team()).map_err(refused)?;
    let stop = interrupt::after_step();
    let folder = RunFolder::create(&lock, &config, arguments.force)?;
    let trainer = trainer.keeping_pairs_in(folder.file(PAIRS));
    carry_out(&config, &dataset, trainer, &folder, (stop, watch))
}

/// Refuses to learn classes that the images do not have, or a share of images for nothing.
fn refuse_classes(arguments: &Arguments, dataset: &Dataset, teacher: Option<&Teacher>) -> Result<(), Failure> {
    let asked = if arguments.classes { "--classes" } else { "--unconditional" };
    if arguments.classes && arguments.files.is_of_normal() {
        return Err(Failure::Usage(
            "--classes --normal: expected one of them: training sees the normal class alone, or learns all".to_owned(),
        ));
    }
    let usual = match teacher {
        Some(teacher) => teacher.architecture.classes == 0,
        None => !arguments.classes && dataset.name() != Source::Digits.name(),
    };
    match dataset.classes() {
        _ if arguments.unconditional.is_some() && usual => Err(Failure::Usage(match teacher {
            Some(_) => "--unconditional: the model that the run begins as has no classes: leave the option out".into(),
            None => "--unconditional: it is a share of images whose class is learned: give --classes too".into(),
        })),
        0 | 1 if arguments.classes || arguments.unconditional.is_some() => {
            let why = dataset.label_fault().map_or_else(String::new, |fault| format!(" ({fault})"));
            Err(Failure::Refused(
                Code::Classes,
                format!(
                    "{asked}: expected two classes or more, found {}{why}: leave the option out, or give labelled images",
                    dataset.classes()
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// Refuses what only a run that begins as a model takes.
fn refuse_without_teacher(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { distil, reflow, evaluations, pairs, real, .. } = arguments;
    let refuse = |what: &str| Err(Failure::Usage(what.to_owned()));
    if distil.is_none() && evaluations.is_some() {
        return refuse(
            "--evaluations: it is of a distillation: give the model to distil, with --distil, or leave it out",
        );
    }
    for (option, given) in [("pairs", pairs.is_some()), ("real", real.is_some())] {
        if given && reflow.is_none() {
            return refuse(&format!("--{option}: it is of --reflow: give the model to straighten, or leave it out"));
        }
    }
    Ok(())
}

/// Refuses what one process does alone, before a device is looked for.
fn refuse_several_ranks(config: &Config) -> Result<(), Failure> {
    let ranks = team::team().size();
    let taught = config.reflow.is_some().then_some("--reflow");
    let taught = taught.or(config.distillation.is_some().then_some("--distil"));
    match taught.or((config.device == Device::Cuda).then_some("--device cuda")) {
        Some(option) if ranks > 1 => Err(Failure::Refused(
            Code::Ranks,
            format!("{option}: expected one process, found {ranks} ranks: start it without mpirun"),
        )),
        _ => Ok(()),
    }
}

/// A lock, after a word where it is none.
fn told(lock: Lock) -> Lock {
    if let Some(cause) = lock.unlocked() {
        let folder = lock.folder().display();
        note(&format!("{folder} cannot be locked ({cause}): see to it that no other training writes there"));
    }
    lock
}

/// Refuses a run folder among images that every picture in their folder counts as, and one around them: the run's pictures
/// would be learned too, now or with the folder around.
fn refuse_among_images(source: Source, files: &Files, path: &Path) -> Result<(), Failure> {
    match &files.data_dir {
        Some(images) if source == Source::Folder && resolved(path).starts_with(resolved(images)) => {
            Err(Failure::Refused(
                Code::OutputClash,
                format!(
                    "--out {}: its pictures would lie among the images that are learned from, --data-dir {}: give another folder",
                    path.display(),
                    images.display()
                ),
            ))
        }
        Some(images) if source == Source::Folder && images.is_dir() && resolved(images).starts_with(resolved(path)) => {
            Err(Failure::Refused(
                Code::OutputClash,
                format!(
                    "--out {}: its pictures would lie beside the images that are learned from, --data-dir {}, and count among them \
                 once the folder around is learned from: give another folder",
                    path.display(),
                    images.display()
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// The preset that was chosen, or the usual one for images of an extent.
fn preset_for(arguments: &Arguments, source: Source, image: Shape) -> Result<Preset, Failure> {
    let name = arguments.preset.as_deref().unwrap_or_else(|| Preset::usual(image));
    let preset = Preset::named(name).ok_or_else(|| Failure::Usage(format!("no preset {name}")))?;
    let architecture = preset.architecture(image, Homotopy::default());
    architecture.validate().map_err(|cause| {
        let Shape { height, width, .. } = image;
        if source == Source::Series {
            let mut message = format!("preset {name} cannot take windows of {width} readings: {cause}");
            let widths: Vec<String> = preset.nearest(image).map(|(_, width)| format!("--window {width}")).collect();
            if !widths.is_empty() {
                message += &format!("; the nearest that it takes are {}", widths.join(" and "));
            }
            return Failure::Refused(Code::Network, message);
        }
        let mut message = format!("preset {name} cannot take the {height}×{width} images of {source}: {cause}");
        let sizes: Vec<String> = preset.nearest(image).map(|(height, width)| format!("{height}x{width}")).collect();
        if !sizes.is_empty() {
            message += &format!("; the nearest extents that it takes are {}", sizes.join(" and "));
        }
        if Preparation::of(source).is_some() {
            message += " (HEIGHTxWIDTH, for --size)";
        }
        Failure::Refused(Code::Network, message)
    })?;
    Ok(preset)
}

/// The run that a folder holds, from its checkpoint on.
fn resume(arguments: &Arguments, path: &Path, watch: &mut dyn Watch) -> Result<(), Failure> {
    interrupt::at_once(&format!("interrupted before a step was made; {}", to_continue(path)));
    let lock = told(Lock::take(path)?);
    let folder = RunFolder::open(&lock)?;
    let mut config: Config = folder.config()?;
    config.architecture.validate().map_err(|cause| {
        Failure::told(
            Code::RunDamaged,
            format!("{}: the architecture is refused: {cause}", folder.file(CONFIG).display()),
        )
    })?;
    keeps_settings(arguments, &config, path)?;
    // Where the files lie, how many threads there are and what is kept in memory may change: the result depends on none.
    config.threads = arguments.threads.unwrap_or(config.threads.clamp(1, MOST_THREADS));
    config.accumulate = arguments.accumulate.unwrap_or(config.accumulate);
    config.recompute |= arguments.recompute;
    config.data_dir = arguments.files.data_dir.clone().or(config.data_dir);
    config.cache_dir = arguments.files.cache_dir.clone().or(config.cache_dir);
    let teacher = Teacher::of_run(&mut config, arguments, path)?;
    let dataset = load(config.dataset, Split::Train, &config.files())?;
    same_images(&config, &dataset, path)?;
    let checkpoint = Checkpoint::load(&folder.file(CHECKPOINT), &config.architecture).map_err(|cause| match cause {
        CheckpointError::Access { cause, .. } if cause.kind() == ErrorKind::NotFound => {
            let path = path.display();
            Failure::told(
                Code::RunAbsent,
                format!("the run in {path} has no checkpoint yet: begin it anew with --force"),
            )
        }
        cause => cause.into(),
    })?;
    let (steps, run) = (checkpoint.now.step, checkpoint.run);
    if matches!(config.budget, Budget::Steps(all) if steps > all) {
        return Err(of_another_run(
            &folder,
            &format!("it has {steps} steps, more than {}", budget_option(config.budget)),
        ));
    }
    let Extension { checkpoint, told } = extend(&mut config, checkpoint, &arguments.choices(), &folder)?;
    let resumed = format!("resuming {} after step {}{told}", path.display(), checkpoint.now.step);
    let parameters = teacher.map(|teacher| teacher.parameters);
    refuse_several_ranks(&config)?;
    let trainer = Trainer::restore_taught(&config, &dataset, parameters, checkpoint).map_err(refused)?;
    let trainer = trainer.in_team(team::team()).map_err(refused)?;
    let trainer = trainer.keeping_pairs_in(folder.file(PAIRS));
    if run.is_some_and(|run| !config.is_of(&run)) {
        return Err(of_another_run(
            &folder,
            "it was trained with other images, seed, batch, objective, network or other settings of a step",
        ));
    }
    note(&resumed);
    // What is recorded together is not torn apart.
    let stop = interrupt::after_step();
    let extended = (!told.is_empty()).then(|| trainer.checkpoint()).transpose()?;
    record(&config, extended.as_ref(), &folder)?;
    carry_out(&config, &dataset, trainer, &folder, (stop, watch))
}

/// Why training cannot begin. Numbers that were given together and do not agree are a mistake of the command line.
fn refused(cause: TrainingError) -> Failure {
    match cause {
        TrainingError::Accumulate { .. }
        | TrainingError::Pool { .. }
        | TrainingError::Coupling
        | TrainingError::Clip
        | TrainingError::Distillation { .. }
        | TrainingError::Ranks { .. }
        | TrainingError::Reflow { .. } => Failure::refused(&cause, cause.to_string()),
        cause => cause.into(),
    }
}

/// Refuses a checkpoint that does not belong to the settings beside it.
fn of_another_run(folder: &RunFolder<'_>, why: &str) -> Failure {
    let (checkpoint, config) = (folder.file(CHECKPOINT), folder.file(CONFIG));
    let (checkpoint, config) = (checkpoint.display(), config.display());
    Failure::told(
        Code::RunOther,
        format!(
            "{checkpoint}: the checkpoint is of another run than {config}: {why}; put the run's own there, or begin anew with --force"
        ),
    )
}

/// Trains until `stop` is set, and shows what came out.
fn carry_out(
    config: &Config,
    dataset: &Dataset,
    trainer: Trainer<'_>,
    folder: &RunFolder<'_>,
    (stop, watch): (&AtomicBool, &mut dyn Watch),
) -> Result<(), Failure> {
    summary::before(config, dataset, folder);
    memory::warn(config, dataset);
    follow::lead(config, &trainer)?;
    let (trainer, ending) = train(config, folder, trainer, stop, watch)?;
    let step = trainer.step();
    let to_continue = to_continue(folder.path());
    // All steps are in the checkpoint: whatever comes now can be made again.
    let asked = interrupt::at_once(&format!("interrupted after the last step, {step}; {to_continue}"));
    match ending {
        Ending::Finished if !asked => {
            summary::after(config, dataset, &trainer, folder)?;
            next::after_training(config, folder);
            Ok(())
        }
        ending => {
            let mut message = format!("stopped after step {step}; {to_continue}");
            // Where weights are fixed already, and at the last step, to continue is the shortest.
            let is_near = matches!(ending, Ending::Finished) || trainer.average_before_rest().is_some();
            if let Some(length) = shorter(config, step, seconds(folder, step)?).filter(|_| !is_near) {
                let path = quoted(folder.path());
                message +=
                    &format!("\nto have a model of what it learned so far: vapo-train --resume --out {path} {length}");
            }
            Err(Failure::Interrupted(message))
        }
    }
}

/// The length of a run that ends a moment after it was stopped, as an option. None where that is its whole length.
fn shorter(config: &Config, step: u64, seconds: f64) -> Option<String> {
    match config.budget {
        Budget::Steps(all) => (step + 1 < all).then(|| format!("--steps {}", step + 1)),
        // To a hundredth of a minute, and one more: it has to be longer than what was trained.
        Budget::Minutes(all) => {
            let minutes = (seconds / 0.6).ceil() / 100.0 + 0.01;
            (minutes < all).then(|| format!("--minutes {minutes:.2}"))
        }
    }
}

/// How to go on with the run in a folder.
fn to_continue(path: &Path) -> String {
    format!("to continue: vapo-train --resume --out {}", quoted(path))
}
