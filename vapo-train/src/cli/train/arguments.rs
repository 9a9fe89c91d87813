//! What `vapo-train` is told about a training.

use super::MOST_THREADS;
use crate::cli::options::data::FileOptions;
use crate::cli::{from_one_to, positive};
use crate::dataset::Source;
use crate::objective::Objective;
use crate::optimiser::{Clip, Rule};
use crate::path::{Coupling, Draws, Times};
use crate::quantise::Precision;
use crate::run::config::{Budget, Choices, Device};
use crate::run::distillation::MOST_EVALUATIONS;
use crate::run::preset::Preset;
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};
use vapo_format::Homotopy;

#[derive(Debug, Default, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Data set to learn from [default: digits]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Source::ALL.map(Source::name)))]
    pub(super) dataset: Option<String>,
    #[command(flatten)]
    pub(super) files: FileOptions,
    /// Mirror every image at random in every epoch [default for celeba]
    #[arg(long, conflicts_with = "no_flip")]
    pub(super) flip: bool,
    /// Mirror no image [default for all others]
    #[arg(long)]
    pub(super) no_flip: bool,
    /// Network to train [default: the first of digits, small, celeba and cifar10 that suits the images]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Preset::all().into_iter().map(Preset::possible_value)))]
    pub(super) preset: Option<String>,
    /// Learn the class of each image, so that you can ask for samples of a class [default for digits]
    #[arg(long, conflicts_with = "no_classes")]
    pub(super) classes: bool,
    /// Learn images without their classes [default for all others]
    #[arg(long)]
    pub(super) no_classes: bool,
    /// Share of the images that are shown without their class, so that the model also draws samples of any class, 0 to 1 [default:
    /// 0.3]
    #[arg(long, value_name = "SHARE", conflicts_with = "no_classes", allow_negative_numbers = true, value_parser = from_zero_to::<f32, 1>)]
    pub(super) unconditional: Option<f32>,
    /// Begin with the weights of this model in place of random ones, to train it on other data or by another objective: a model file
    /// of float arithmetic, or its run folder
    #[arg(long, value_name = "F.vapo|DIR", conflicts_with_all = ["preset", "classes", "no_classes", "homotopy", "distil", "reflow", "resume"])]
    pub(super) from: Option<PathBuf>,
    /// Learn to draw in few evaluations what this model draws in many, starting from its weights: a model file of float arithmetic,
    /// or its run folder. Takes 3000 steps of 256 images unless --steps, --minutes or --batch says otherwise
    #[arg(long, value_name = "F.vapo|DIR", conflicts_with_all = OF_FLOW)]
    pub(super) distil: Option<PathBuf>,
    /// Straighten the paths of this model from noise to images, starting from its weights: a model file of float arithmetic, or its
    /// run folder. Few evaluations suffice to follow a straight path
    #[arg(long, value_name = "F.vapo|DIR", conflicts_with_all = OF_FLOW, conflicts_with_all = ["distil", "flip", "no_flip"])]
    pub(super) reflow: Option<PathBuf>,
    /// Greatest number of pairs of noise and image that --reflow keeps on disk [default: 65536]
    #[arg(long, value_name = "N", value_parser = from_one_to::<u64, { u32::MAX as u64 }>())]
    pub(super) pairs: Option<u64>,
    /// Share of these pairs that begin with an image of the data, 0 to 1 [default: 0.25]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = from_zero_to::<f32, 1>)]
    pub(super) real: Option<f32>,
    /// Evaluations that a sample of a distilled model takes [default: 2]
    #[arg(long, value_name = "N", value_parser = from_one_to::<u16, { MOST_EVALUATIONS as u64 }>())]
    pub(super) evaluations: Option<u16>,
    /// Optimiser steps to train; with --resume, the new length of the whole run [default: the preset's]
    #[arg(long, value_name = "N", conflicts_with = "minutes", value_parser = from_one_to::<u64, { u32::MAX as u64 }>())]
    pub(super) steps: Option<u64>,
    /// Minutes to train, in place of a number of steps; with --resume, the new length of the whole run
    #[arg(long, value_name = "M", allow_negative_numbers = true, value_parser = positive::<f64>)]
    pub(super) minutes: Option<f64>,
    /// Bits of the model's weights; may be changed with --resume [default: int8]
    #[arg(long, value_enum, hide_default_value = true)]
    pub(super) weights: Option<Precision>,
    /// Part at the end of the training in which weights are fixed at values that the model file can hold, and only biases learn, 0
    /// to 1 [default: 0.1]
    #[arg(long, value_name = "PART", allow_negative_numbers = true, value_parser = from_zero_to::<f64, 1>)]
    pub(super) int8_part: Option<f64>,
    /// Images a step [default: the preset's]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 65_536>())]
    pub(super) batch: Option<usize>,
    /// Number of parts that a step's images are computed in, one after the other, for less memory [default: 1]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 65_536>())]
    pub(super) accumulate: Option<usize>,
    /// Compute activations again, block by block, instead of keeping them for the next pass: less memory, more time
    #[arg(long)]
    pub(super) recompute: bool,
    /// Peak learning rate [default: the preset's; a quarter of it with --from, --distil and --reflow]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = positive::<f32>)]
    pub(super) lr: Option<f32>,
    /// Standard deviation of the noise that is added to the data [default: 0.02, more for few grey levels]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = from_zero_to::<f32, 10>)]
    pub(super) data_noise: Option<f32>,
    /// Loss that training minimises [default: flow]
    #[arg(long, value_enum, hide_default_value = true)]
    pub(super) objective: Option<Objective>,
    /// Distribution of the times that training draws [default: uniform for vapo-bayes, else logit-normal]
    #[arg(long, value_enum, hide_default_value = true)]
    pub(super) times: Option<Times>,
    /// What samples of a batch share [default: common for energy, else independent]
    #[arg(long, value_enum, hide_default_value = true)]
    pub(super) draws: Option<Draws>,
    /// How noise is assigned to images [default: independent]
    #[arg(long, value_enum, hide_default_value = true)]
    pub(super) coupling: Option<Coupling>,
    /// Images among which --coupling ot assigns noise, a multiple of --batch [default: 512]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 16_384>())]
    pub(super) pool: Option<usize>,
    /// How gradients become steps [default: muon for flow, else adam]
    #[arg(long, value_enum, hide_default_value = true)]
    pub(super) optimiser: Option<Rule>,
    /// How the gradient is clipped; second-moment needs --optimiser adam [default: second-moment for paper-cifar10 and paper-celeba, else norm]
    #[arg(long, value_enum, hide_default_value = true)]
    pub(super) clip: Option<Clip>,
    /// Decay of the weights that muon moves: in every step they lose this times the learning rate of themselves [default: 0.3; 0 for adam]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = from_zero_to::<f32, 10>)]
    pub(super) weight_decay: Option<f32>,
    /// Path from noise to data: linear or bayes [default: linear]
    #[arg(long, value_name = "PATH")]
    pub(super) homotopy: Option<Homotopy>,
    /// Seed of all random numbers [default: 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    /// Device that computes [default: cpu]
    #[arg(long, value_enum, hide_default_value = true)]
    pub(super) device: Option<Device>,
    /// Threads to train on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, { MOST_THREADS as u64 }>())]
    pub(super) threads: Option<usize>,
    /// Run folder [default: runs/DATASET]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Continue the run in the run folder, exactly as if it had not been interrupted; with more --steps or --minutes, for longer
    #[arg(long, conflicts_with = "force")]
    pub(super) resume: bool,
    /// Replace the run in the run folder
    #[arg(long)]
    pub(super) force: bool,
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

impl Arguments {
    /// The default training, of the built-in digits, into a folder.
    pub(in crate::cli) fn of_digits(
        out: &Path,
        steps: Option<u64>,
        seed: Option<u64>,
        threads: Option<usize>,
        force: bool,
    ) -> Self {
        Arguments { out: Some(out.to_owned()), steps, seed, threads, force, ..Arguments::default() }
    }

    pub(super) fn choices(&self) -> Choices {
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
