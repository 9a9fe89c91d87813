//! `vapo-train`: trains, quantises, samples, and says what came out.

mod follow;
mod kept;
mod teacher;

use super::extend::{Extension, extend, record};
use super::options::data::{FileOptions, load};
use super::options::plan::{refuse_standard_output, resolved};
use super::{
    Code, Failure, budget_option, from_one_to, interrupt, memory, next, note, positive, quoted, summary, team,
};
use crate::dataset::{Dataset, Files, Preparation, Size, Source, Split};
use crate::objective::Objective;
use crate::optimiser::{Clip, Rule};
use crate::path::{Coupling, Draws, Times};
use crate::quantise::Precision;
use crate::run::checkpoint::{Checkpoint, CheckpointError};
use crate::run::config::{Budget, Choices, Config, Device};
use crate::run::distillation::MOST_EVALUATIONS;
use crate::run::folder::{CHECKPOINT, CONFIG, PAIRS};
use crate::run::preset::Preset;
use crate::run::{Lock, RunFolder};
use crate::training::progress::Progress;
use crate::training::{Ending, Trainer, TrainingError, Watch, train};
use clap::builder::PossibleValuesParser;
use kept::{keeps_settings, same_images};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use teacher::Teacher;
use vapo_format::{Homotopy, Shape};

/// Folder below which runs are kept if no other is given.
const RUNS: &str = "runs";

#[derive(Debug, Default, clap::Args)]
pub(super) struct Arguments {
    /// Data set to learn from [default: digits]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Source::ALL.map(Source::name)))]
    dataset: Option<String>,
    #[command(flatten)]
    files: FileOptions,
    /// Mirror every image at random in every epoch [default for celeba]
    #[arg(long, conflicts_with = "no_flip")]
    flip: bool,
    /// Mirror no image [default for all others]
    #[arg(long)]
    no_flip: bool,
    /// Network to train [default: the first of digits, small, celeba and cifar10 that suits the images]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Preset::all().into_iter().map(Preset::possible_value)))]
    preset: Option<String>,
    /// Learn the class of each image, so that you can ask for samples of a class [default for digits]
    #[arg(long, conflicts_with = "no_classes")]
    classes: bool,
    /// Learn images without their classes [default for all others]
    #[arg(long)]
    no_classes: bool,
    /// Share of the images that are shown without their class, so that the model also draws samples of any class, 0 to 1 [default:
    /// 0.3]
    #[arg(long, value_name = "SHARE", conflicts_with = "no_classes", allow_negative_numbers = true, value_parser = from_zero_to::<f32, 1>)]
    unconditional: Option<f32>,
    /// Learn to draw in few evaluations what this model draws in many, starting from its weights: a model file of float arithmetic,
    /// or its run folder. Takes 3000 steps of 256 images unless --steps, --minutes or --batch says otherwise
    #[arg(long, value_name = "F.vapo|DIR", conflicts_with_all = OF_FLOW)]
    distil: Option<PathBuf>,
    /// Straighten the paths of this model from noise to images, starting from its weights: a model file of float arithmetic, or its
    /// run folder. Few evaluations suffice to follow a straight path
    #[arg(long, value_name = "F.vapo|DIR", conflicts_with_all = OF_FLOW, conflicts_with_all = ["distil", "flip", "no_flip"])]
    reflow: Option<PathBuf>,
    /// Greatest number of pairs of noise and image that --reflow keeps on disk [default: 65536]
    #[arg(long, value_name = "N", value_parser = from_one_to::<u64, { u32::MAX as u64 }>())]
    pairs: Option<u64>,
    /// Share of these pairs that begin with an image of the data, 0 to 1 [default: 0.25]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = from_zero_to::<f32, 1>)]
    real: Option<f32>,
    /// Evaluations that a sample of a distilled model takes [default: 2]
    #[arg(long, value_name = "N", value_parser = from_one_to::<u16, { MOST_EVALUATIONS as u64 }>())]
    evaluations: Option<u16>,
    /// Optimiser steps to train; with --resume, the new length of the whole run [default: the preset's]
    #[arg(long, value_name = "N", conflicts_with = "minutes", value_parser = from_one_to::<u64, { u32::MAX as u64 }>())]
    steps: Option<u64>,
    /// Minutes to train, in place of a number of steps; with --resume, the new length of the whole run
    #[arg(long, value_name = "M", allow_negative_numbers = true, value_parser = positive::<f64>)]
    minutes: Option<f64>,
    /// Bits of the model's weights; may be changed with --resume [default: int8]
    #[arg(long, value_enum, hide_default_value = true)]
    weights: Option<Precision>,
    /// Part at the end of the training in which weights are fixed at values that the model file can hold, and only biases learn, 0
    /// to 1 [default: 0.1]
    #[arg(long, value_name = "PART", allow_negative_numbers = true, value_parser = from_zero_to::<f64, 1>)]
    int8_part: Option<f64>,
    /// Images a step [default: the preset's]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 65_536>())]
    batch: Option<usize>,
    /// Number of parts that a step's images are computed in, one after the other, for less memory [default: 1]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 65_536>())]
    accumulate: Option<usize>,
    /// Compute activations again, block by block, instead of keeping them for the next pass: less memory, more time
    #[arg(long)]
    recompute: bool,
    /// Peak learning rate [default: the preset's]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = positive::<f32>)]
    lr: Option<f32>,
    /// Standard deviation of the noise that is added to the data [default: 0.02, more for few grey levels]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = from_zero_to::<f32, 10>)]
    data_noise: Option<f32>,
    /// Loss that training minimises [default: flow]
    #[arg(long, value_enum, hide_default_value = true)]
    objective: Option<Objective>,
    /// Distribution of the times that training draws [default: uniform for vapo-bayes, else logit-normal]
    #[arg(long, value_enum, hide_default_value = true)]
    times: Option<Times>,
    /// What samples of a batch share [default: common for energy, else independent]
    #[arg(long, value_enum, hide_default_value = true)]
    draws: Option<Draws>,
    /// How noise is assigned to images [default: independent]
    #[arg(long, value_enum, hide_default_value = true)]
    coupling: Option<Coupling>,
    /// Images among which --coupling ot assigns noise, a multiple of --batch [default: 512]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 16_384>())]
    pool: Option<usize>,
    /// How gradients become steps [default: muon for flow, else adam]
    #[arg(long, value_enum, hide_default_value = true)]
    optimiser: Option<Rule>,
    /// How the gradient is clipped; second-moment needs --optimiser adam [default: second-moment for paper-cifar10 and paper-celeba, else norm]
    #[arg(long, value_enum, hide_default_value = true)]
    clip: Option<Clip>,
    /// Decay of the weights that muon moves: in every step they lose this times the learning rate of themselves [default: 0.3]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = from_zero_to::<f32, 10>)]
    weight_decay: Option<f32>,
    /// Path from noise to data: linear or bayes [default: linear]
    #[arg(long, value_name = "PATH")]
    homotopy: Option<Homotopy>,
    /// Seed of all random numbers [default: 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Device that computes [default: cpu]
    #[arg(long, value_enum, hide_default_value = true)]
    device: Option<Device>,
    /// Threads to train on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
    /// Run folder [default: runs/DATASET]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in the run folder, exactly as if it had not been interrupted; with more --steps or --minutes, for longer
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Replace the run in the run folder
    #[arg(long)]
    force: bool,
}

/// Options of how a flow is learned, or of the network, which a run that begins as a model has from this one.
const OF_FLOW: [&str; 10] = [
    "preset",
    "classes",
    "no_classes",
    "data_noise",
    "objective",
    "draws",
    "homotopy",
    "accumulate",
    "coupling",
    "pool",
];

/// Parses a number from 0 to `MOST`.
fn from_zero_to<F: std::str::FromStr + PartialOrd + From<u8>, const MOST: u8>(text: &str) -> Result<F, String> {
    let number: Option<F> = text.parse().ok();
    number
        .filter(|number| (F::from(0)..=F::from(MOST)).contains(number))
        .ok_or_else(|| format!("expected a number from 0 to {MOST}"))
}

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
        config = teacher.teach(config, arguments);
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
        _ if arguments.unconditional.is_some() && usual => Err(Failure::Usage(
            "--unconditional: it is a share of images whose class is learned: give --classes too".into(),
        )),
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
    config.threads = arguments.threads.unwrap_or(config.threads);
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
        _ => Err(Failure::Interrupted(format!("stopped after step {step}; {to_continue}"))),
    }
}

/// How to go on with the run in a folder.
fn to_continue(path: &Path) -> String {
    format!("to continue: vapo-train --resume --out {}", quoted(path))
}

impl Arguments {
    /// The default training, of the built-in digits, into a folder.
    pub(super) fn of_digits(
        out: &Path,
        steps: Option<u64>,
        seed: Option<u64>,
        threads: Option<usize>,
        force: bool,
    ) -> Self {
        Arguments { out: Some(out.to_owned()), steps, seed, threads, force, ..Arguments::default() }
    }

    fn choices(&self) -> Choices {
        let steps = self.steps.map(Budget::Steps);
        Choices {
            flip: self.flip.then_some(true).or(self.no_flip.then_some(false)),
            classes: self.classes.then_some(true).or(self.no_classes.then_some(false)),
            unconditional: self.unconditional,
            objective: self.objective,
            times: self.times,
            draws: self.draws,
            coupling: self.coupling,
            pool: self.pool,
            optimiser: self.optimiser,
            homotopy: self.homotopy,
            budget: steps.or(self.minutes.map(Budget::Minutes)),
            clip: self.clip,
            weight_decay: self.weight_decay,
            weights: self.weights,
            int8_part: self.int8_part,
            batch: self.batch,
            accumulate: self.accumulate,
            recompute: self.recompute.then_some(true),
            learning_rate: self.lr,
            data_noise: self.data_noise,
            seed: self.seed,
            device: self.device,
            threads: self.threads,
        }
    }
}
