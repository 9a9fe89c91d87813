//! `vapo-train plan`: what a training takes, before anything starts.

use crate::cli::{Failure, answer, from_one_to, memory, option, print};
use crate::dataset::{Size, Source};
use crate::objective::Objective;
use crate::optimiser::Rule;
use crate::run::config::{Device, usual_rule_of};
use crate::run::preset::Preset;
use crate::training::plan::Request;
use crate::training::{Plan, TrainingError};
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use vapo_format::{Homotopy, Shape};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Network to plan for [default: the usual one for the images; without --dataset and --size, digits]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Preset::all().into_iter().map(|preset| preset.name)))]
    pub(in crate::cli) preset: Option<String>,
    /// Data set whose images are trained on [default: one that the preset is for]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["size", "channels", "images"],
        value_parser = PossibleValuesParser::new(SOURCES.map(Source::name)))]
    pub(in crate::cli) dataset: Option<String>,
    /// Size of your own images, a side as 64 or HEIGHTxWIDTH
    #[arg(long, value_name = "PIXELS", requires = "channels")]
    size: Option<Size>,
    /// Channels of your own images
    #[arg(long, value_name = "N", requires = "size", value_parser = from_one_to::<u16, 4096>())]
    channels: Option<u16>,
    /// Number of your own images in memory
    #[arg(long, value_name = "N", requires = "size", default_value_t = 0)]
    images: usize,
    /// Images a step [default: the preset's]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 65_536>())]
    batch: Option<usize>,
    /// Number of parts that a step's images are computed in, one after the other [default: 1]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 65_536>())]
    accumulate: Option<usize>,
    /// Compute activations again instead of keeping them for the next pass: less memory, more time
    #[arg(long)]
    recompute: bool,
    /// Loss that training minimises
    #[arg(long, value_enum, default_value = "flow", hide_possible_values = true)]
    objective: Objective,
    /// How gradients become steps [default: muon for flow, else adam]
    #[arg(long, value_enum, hide_possible_values = true)]
    optimiser: Option<Rule>,
    /// Device that computes [default: cpu]
    #[arg(long, value_enum, hide_default_value = true)]
    device: Option<Device>,
    /// Threads to train on [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
    /// Steps to train [default: the preset's]
    #[arg(long, value_name = "N", value_parser = from_one_to::<u64, { u32::MAX as u64 }>())]
    steps: Option<u64>,
    /// Speed that the device sustains, in 10¹² FLOPs a second, to compute the least time of a training
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = crate::cli::positive::<f64>)]
    tflops: Option<f64>,
}

impl Arguments {
    /// The options of the training that is planned, as they are typed; none where it is of data whose place is not known.
    pub(in crate::cli) fn typed(&self) -> Option<String> {
        let Arguments {
            preset,
            dataset,
            batch,
            accumulate,
            recompute,
            objective,
            optimiser,
            device,
            threads,
            steps,
            ..
        } = self;
        if dataset.is_none() && (preset.is_some() || self.size.is_some()) {
            return None;
        }
        let number = |name: &str, value: Option<u64>| value.map(|value| option(name, value));
        let options = [
            dataset.as_ref().map(|name| option("dataset", name)),
            preset.as_ref().map(|name| option("preset", name)),
            number("batch", batch.map(|batch| batch as u64)),
            number("accumulate", accumulate.map(|parts| parts as u64)),
            recompute.then(|| "--recompute".to_owned()),
            (*objective != Objective::default()).then(|| option("objective", objective)),
            optimiser.map(|rule| option("optimiser", rule)),
            device.map(|device| option("device", device)),
            number("threads", threads.map(|threads| threads as u64)),
            number("steps", *steps),
        ];
        Some(options.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

/// Data sets whose extent and number of images is known.
const SOURCES: [Source; 5] = [Source::Digits, Source::Mnist, Source::FashionMnist, Source::Cifar10, Source::Celeba];

/// The images to train with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Images {
    extent: Shape,
    /// How many lie in memory, and not in a file that is mapped into it.
    count: usize,
}

/// What the command found.
#[derive(Debug, Serialize)]
struct Found {
    preset: String,
    /// Height, width and channels.
    image: [u16; 3],
    batch: usize,
    objective: Objective,
    optimiser: Rule,
    device: Device,
    threads: usize,
    #[serde(flatten)]
    plan: Plan,
    /// Bytes of all parts.
    bytes: u64,
    /// Bytes that the machine, or the CUDA device, has left; none where that is not known.
    available: Option<u64>,
    /// Why that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
    /// Of one step.
    flops: u64,
    steps: u64,
    /// At least, at the speed that was given.
    seconds: Option<f64>,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let found = Found::new(arguments)?;
    print(&found.table())?;
    let mut object = serde_json::to_value(&found)?;
    object["command"] = "plan".into();
    answer::object(&object)
}

impl Arguments {
    /// The images that the options stand for.
    fn images(&self) -> Images {
        if let (Some(Size { height, width }), Some(channels)) = (self.size, self.channels) {
            return Images { extent: Shape { channels, height, width }, count: self.images };
        }
        let named = self.dataset.as_deref().and_then(|name| name.parse().ok());
        named.map_or_else(|| usual_images(self.preset.as_deref().unwrap_or_default()), of_source)
    }
}

/// What a preset is for: the images of a data set, or windows of a series, which lie in the memory of the series.
fn usual_images(preset: &str) -> Images {
    match preset {
        "small" | "medium" | "peer-8" | "peer-16" => of_source(Source::FashionMnist),
        "cifar10" | "cifar10-device" | "paper-cifar10" => of_source(Source::Cifar10),
        "celeba" | "celeba-device" | "paper-celeba" => of_source(Source::Celeba),
        "series-tiny" | "series" => Images { extent: Shape { channels: 1, height: 1, width: 64 }, count: 0 },
        _ => of_source(Source::Digits),
    }
}

/// Images to train with, of a data set whose images all have one extent.
fn of_source(source: Source) -> Images {
    let square = |channels, side, count| Images { extent: Shape { channels, height: side, width: side }, count };
    match source {
        Source::Mnist | Source::FashionMnist => square(1, 28, 60_000),
        Source::Cifar10 => square(3, 32, 50_000),
        // Prepared images lie in a file that is mapped.
        Source::Celeba => square(3, 64, 0),
        Source::Digits | Source::Folder | Source::Npy | Source::Series => square(1, 8, 1_498),
    }
}

impl Found {
    fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let Images { extent, count } = arguments.images();
        let name = arguments.preset.as_deref().unwrap_or_else(|| Preset::usual(extent));
        let preset = Preset::named(name).ok_or_else(|| Failure::Usage(format!("no preset {name}")))?;
        let architecture = preset.architecture(extent, Homotopy::default());
        architecture.validate().map_err(|cause| {
            let nearest: Vec<_> = preset.nearest(extent).map(|(height, width)| format!("{height}x{width}")).collect();
            let nearest = if nearest.is_empty() { "others".to_owned() } else { nearest.join(" or ") };
            Failure::refused(
                &cause,
                format!("preset {name} cannot take images of {extent}: {cause}; give {nearest} with --size"),
            )
        })?;
        let objective = arguments.objective;
        let optimiser = arguments.optimiser.unwrap_or_else(|| usual_rule_of(&preset, objective));
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = arguments.threads.unwrap_or_else(cores);
        let batch = arguments.batch.unwrap_or(preset.training.batch);
        let accumulate = arguments.accumulate.unwrap_or(1);
        if !batch.is_multiple_of(accumulate) {
            let cause = TrainingError::Accumulate { accumulate, batch };
            return Err(Failure::refused(&cause, cause.to_string()));
        }
        let (architecture, rests, recompute) = (&architecture, preset.training.int8_part > 0.0, arguments.recompute);
        let (dropout, images) = (preset.training.dropout, count);
        let request = Request {
            architecture,
            objective,
            optimiser,
            rests,
            batch,
            accumulate,
            recompute,
            dropout,
            threads,
            images,
        };
        let device = arguments.device.unwrap_or_default();
        let (plan, available) = match device {
            Device::Cpu => {
                (Plan::cpu(&request), memory::available().ok_or_else(|| "the system does not say".to_owned()))
            }
            Device::Cuda => (Plan::cuda(&request), memory::available_on_cuda()),
        };
        let (bytes, flops) = (plan.bytes(), plan.operations.flops());
        let steps = arguments.steps.unwrap_or(preset.training.steps);
        let seconds = arguments.tflops.map(|speed| flops as f64 * steps as f64 / (1e12 * speed));
        Ok(Found {
            preset: preset.name.to_owned(),
            image: [extent.height, extent.width, extent.channels],
            batch,
            objective,
            optimiser,
            device,
            threads,
            plan,
            bytes,
            available: available.as_ref().ok().copied(),
            unknown: available.err(),
            flops,
            steps,
            seconds,
        })
    }

    /// For people.
    fn table(&self) -> String {
        let [height, width, channels] = self.image;
        let row = |what: &str, number: u64, note: &str| format!("{what:40} {number:>18}{note}\n");
        let computing = match self.device {
            Device::Cpu => format!("{} threads", self.threads),
            Device::Cuda => "on a CUDA device".to_owned(),
        };
        let mut text = format!(
            "preset {}: {} parameters, images of {height}×{width}×{channels}, {} a step, {computing}\n\n",
            self.preset, self.plan.parameters, self.batch
        );
        text += "memory, in bytes at the peak\n";
        for part in &self.plan.parts {
            text += &row(&format!("  {}", part.what), part.bytes, "");
        }
        text += &row("  all", self.bytes, &format!("  {}", mebibytes(self.bytes)));
        if let Some(available) = self.available {
            let said = match self.device {
                _ if self.bytes <= available => "it fits",
                Device::Cpu => memory::REMEDY,
                Device::Cuda => memory::CUDA_REMEDY,
            };
            text += &row("  available now", available, &format!("  {}: {said}", mebibytes(available)));
        }
        if let Some(cause) = &self.unknown {
            text += &format!("  available now: not known: {cause}\n");
        }
        if let Some(launches) = self.plan.launches {
            text += &row("\nlaunches of a step", launches, "");
        }
        let of = &self.plan.operations;
        text += "\nmultiply-accumulates of a step\n";
        for (what, number) in [
            ("potential, forward", of.forward),
            ("drift, in reverse", of.drift),
            ("tangents, forward", of.tangents),
            ("gradient of the parameters, in reverse", of.gradient),
            ("optimiser", of.optimiser),
        ] {
            text += &row(&format!("  {what}"), number, "");
        }
        text +=
            &row("FLOPs of a step", self.flops, "  two a multiply-accumulate; work on single elements is not counted");
        let flops = self.flops as f64 * self.steps as f64;
        text += &row("steps", self.steps, &format!("  {flops:.3e} FLOPs"));
        if let Some(seconds) = self.seconds {
            text +=
                &format!("{:40} {:>18}  at the speed given, were it sustained\n", "time, at least", duration(seconds));
        }
        text
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// In the unit that people would take.
fn duration(seconds: f64) -> String {
    let (minute, hour, day) = (60.0, 3600.0, 86_400.0);
    match seconds {
        _ if seconds < 2.0 * minute => format!("{seconds:.1} seconds"),
        _ if seconds < 2.0 * hour => format!("{:.1} minutes", seconds / minute),
        _ if seconds < 2.0 * day => format!("{:.1} hours", seconds / hour),
        _ => format!("{:.1} days", seconds / day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a preset says about itself begins with the extent.
    #[test]
    fn every_preset_has_images_of_its_extent() {
        for preset in Preset::all() {
            let Shape { channels, height, width } = usual_images(preset.name).extent;
            let colour = if channels == 3 { " colour" } else { "" };
            let kind = if height == 1 { "windows" } else { "images" };
            let expected = format!("{height}×{width}{colour} {kind}");
            assert!(preset.about.starts_with(&expected), "{}: {expected}", preset.name);
        }
    }

    #[test]
    fn durations_have_the_unit_of_people() {
        let found = [1.0, 600.0, 7200.0, 86_400.0 * 3.0].map(duration);
        assert_eq!(found, ["1.0 seconds", "10.0 minutes", "2.0 hours", "3.0 days"]);
    }
}
