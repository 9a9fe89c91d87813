//! `vapo-train score`: energies of images, how well they tell anomalies, and the threshold for a device. Of a series: in `series`.

mod series;

use crate::cli::card::{Card, DataCard, ModelCard, decimal};
use crate::cli::options::{DataOptions, Plan, output, pool};
use crate::cli::rewritten::with_threshold;
use crate::cli::{Code, Failure, from_one_to, note, parse_model, print, progress, read_model};
use crate::dataset::{Dataset, Source, Split};
use crate::files::array::write::header;
use crate::sampling::anomaly::{self, ScoreError, ScoredImages, auroc, energies, share_above};
use clap::ValueEnum;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use vapo_format::{Model, Threshold};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Model file
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    #[command(flatten)]
    data: DataOptions,
    /// Images that energies should tell apart from the data set: a data set, as mnist or mnist:train; `noise`, uniform pixels; or
    /// `permuted`, the same images with their pixels in another order
    #[arg(long, value_name = "NAME[:SPLIT]")]
    against: Option<String>,
    /// Where the files of --against are [default: data, and where Debian's packages put them; the place of --dataset for
    /// another split of that set, and for no other set]
    #[arg(long, value_name = "DIR", requires = "against")]
    against_dir: Option<PathBuf>,
    /// Seed of the noise or of the order of pixels
    #[arg(long, value_name = "N", default_value = "0", requires = "against", allow_negative_numbers = true)]
    seed: u64,
    /// Time at which the energy is computed, from 0 to below 1 [default: that of the model's threshold, or 0.5; 0.9 for series]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    time: Option<f32>,
    /// False-positive rate: the share of the data set's images that may exceed the threshold, or of the normal windows of a series'
    /// valid split [default: 0.05; 0.01 for series]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    fpr: Option<f32>,
    /// Write the model with the threshold to another file
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) write_threshold: Option<PathBuf>,
    /// Threads to score on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
    /// Result: the energies, as text (.json) or as numbers for Python (.npy). Each row has an energy, and 0 for the data set or 1
    /// for the images of --against. For a series, also a table of windows (.csv), or arrays of windows and readings (.npz)
    #[arg(long, value_name = "F.{json,npy,csv,npz}")]
    out: PathBuf,
    /// Picture of a series, its score, the threshold and the labels
    #[arg(long, value_name = "F.png")]
    picture: Option<PathBuf>,
    /// Replace the files and their cards if they exist
    #[arg(long)]
    force: bool,
}

/// What the images of the data set are told from.
enum Against {
    Dataset(Box<Dataset>),
    Noise,
    Permuted,
}

/// Kinds of files that energies are written to.
#[derive(Clone, Copy)]
enum Kind {
    Json,
    Npy,
}

/// False-positive rate of images where none is chosen.
const FPR: f32 = 0.05;

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.data.is_series() {
        return series::run(arguments);
    }
    let kind = kind(arguments)?;
    if let Some(path) = &arguments.picture {
        let path = path.display();
        return Err(Failure::Usage(format!(
            "--picture {path}: it shows a series, --dataset series; leave the option out"
        )));
    }
    let outputs = plan(arguments).check()?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_model(&arguments.model, &bytes)?;
    let stored = model.threshold();
    let time = arguments.time.unwrap_or(stored.map_or(anomaly::TIME, |threshold| threshold.time));
    let fpr = arguments.fpr.unwrap_or(FPR);
    expect_valid(&model, time, fpr)?;
    let chosen = |energy| Threshold { energy, time, false_positive_rate: fpr };
    let dataset = arguments.data.load()?;
    check_extent(&model, &dataset)?;
    let against = arguments.against.as_deref().map(|name| against(name, arguments)).transpose()?;
    if let Some(Against::Dataset(other)) = &against {
        check_extent(&model, other)?;
        refuse_same(arguments, &dataset, other)?;
    }
    let others = against.as_ref().map(|against| match against {
        Against::Dataset(other) => ScoredImages::Dataset(other),
        Against::Noise => ScoredImages::Noise { shape: dataset.shape(), count: dataset.len(), seed: arguments.seed },
        Against::Permuted => ScoredImages::permuted(&dataset, arguments.seed),
    });

    let pool = pool(arguments.threads)?;
    let score = |images: &ScoredImages<'_>| {
        let bar = progress::bar(images.len(), "images");
        pool.install(|| energies(&model, images, time, || bar.inc(1)))
    };
    let ordinary = score(&ScoredImages::Dataset(&dataset))?;
    let told = others.as_ref().map(score).transpose().map_err(|cause| name_others(cause, arguments))?;
    let threshold = chosen(anomaly::threshold(&ordinary, fpr));
    tell_few(ordinary.len(), fpr, "images");

    let name = arguments.against.as_deref().unwrap_or_default();
    let mut report = Report::new(time, dataset.name(), &ordinary, told.as_deref().map(|told| (name, told)));
    report.threshold("threshold", threshold);
    if let Some(stored) = stored.filter(|stored| stored.time == time) {
        report.threshold("model's own", stored);
    }
    let mut settings = Map::new();
    settings.insert("time".to_owned(), decimal(time));
    settings.insert("fpr".to_owned(), decimal(fpr));
    if let Some(name) = &arguments.against {
        settings.insert("against".to_owned(), json!(name));
        settings.insert("seed".to_owned(), json!(arguments.seed));
    }
    let mut data = vec![arguments.data.card(&dataset)];
    if let Some(Against::Dataset(other)) = &against {
        data.push(DataCard::new(other, split_of(name)?.1));
    }
    let models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    let card = Card { models, data, settings, results: report.results.clone(), ..Card::new("score") };

    let file = match kind {
        Kind::Json => json_file(time, &ordinary, told.as_deref()),
        Kind::Npy => npy_file(&ordinary, told.as_deref().unwrap_or_default()),
    };
    // First: a file that cannot be written takes no number away, nor the other file.
    let printed = print(&report.text);
    let energies = outputs.write_with_card(&arguments.out, &file, &card);
    if energies.is_ok() {
        print(&format!("energies       {}\n", arguments.out.display()))?;
    }
    if let Some(path) = &arguments.write_threshold {
        outputs.write_with_card(path, &with_threshold(&model, threshold)?, &card)?;
        print(&format!("model          {}, with the threshold\n", path.display()))?;
    }
    energies.and(printed)
}

fn plan(arguments: &Arguments) -> Plan {
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]);
    let plan = plan.reads_data(&arguments.data).reads("--against-dir", &arguments.against_dir);
    plan.writes_with_card("--out", [&arguments.out]).writes_with_card("--write-threshold", &arguments.write_threshold)
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|extension| extension.to_str())
}

/// The kind of file that energies are written to. Refuses names that end in something else.
fn kind(arguments: &Arguments) -> Result<Kind, Failure> {
    let kind = match extension(&arguments.out) {
        Some("json") => Kind::Json,
        Some("npy") => Kind::Npy,
        _ => {
            let out = arguments.out.display();
            return Err(Failure::Refused(
                Code::OutputName,
                format!("--out {out}: expected a name that ends in .json or .npy"),
            ));
        }
    };
    expect_model_name(arguments)?;
    Ok(kind)
}

/// Refuses a name of the model with the threshold that does not end in `.vapo`.
fn expect_model_name(arguments: &Arguments) -> Result<(), Failure> {
    arguments.write_threshold.as_ref().map_or(Ok(()), |path| output::expect_vapo("--write-threshold", path))
}

/// Says that a rate is lower than so few samples can show.
fn tell_few(count: usize, fpr: f32, what: &str) {
    if f64::from(fpr) * (count as f64) < 1.0 {
        note(&format!(
            "note: {count} {what} cannot show a false-positive rate of {fpr}: the threshold is the largest of their energies, and more \
             may lie above; take {} {what} or more, or a higher --fpr",
            (1.0 / f64::from(fpr)).ceil()
        ));
    }
}

/// Refuses a time without energy, and a rate that is none.
fn expect_valid(model: &Model<'_>, time: f32, fpr: f32) -> Result<(), Failure> {
    let threshold = Threshold { energy: 0.0, time, false_positive_rate: fpr };
    if threshold.is_valid(model.homotopy()) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "--time {time} --fpr {fpr}: expected a time from 0 to 1, below 1 for the homotopy linear, and a rate above 0 and \
         below 1"
    )))
}

/// The images that an option `--against` stands for.
fn against(option: &str, arguments: &Arguments) -> Result<Against, Failure> {
    let folder = arguments.against_dir.as_ref();
    match (option, folder) {
        ("noise", None) => Ok(Against::Noise),
        ("permuted", None) => Ok(Against::Permuted),
        ("noise" | "permuted", Some(folder)) => Err(Failure::Usage(format!(
            "--against-dir {}: {option} is made, not read; leave the option out",
            folder.display()
        ))),
        _ => {
            let (source, split) = split_of(option)?;
            Ok(Against::Dataset(Box::new(arguments.data.load_other(source, split, folder)?)))
        }
    }
}

/// Refuses to tell a set of images from itself.
fn refuse_same(arguments: &Arguments, dataset: &Dataset, other: &Dataset) -> Result<(), Failure> {
    if !dataset.same(other) {
        return Ok(());
    }
    let place = arguments.against_dir.as_ref().map_or(String::new(), |path| format!(" in {}", path.display()));
    Err(Failure::Refused(
        Code::DataUnlike,
        format!(
            "--against {}{place} has the very images of {}: nothing tells them apart; give other images, with --against or \
         --against-dir",
            arguments.against.as_deref().unwrap_or_default(),
            arguments.data.name()
        ),
    ))
}

/// A data set's name and split: `mnist`, whose split is test, or `mnist:train`.
fn split_of(option: &str) -> Result<(Source, Split), Failure> {
    let refused = |what: &str| Failure::Usage(format!("--against {option}: {what}"));
    let (name, split) = option.split_once(':').unwrap_or((option, "test"));
    let source = name.parse().map_err(|cause| refused(&format!("{cause}, noise, permuted")))?;
    let split = Split::from_str(split, false).map_err(|_| refused("the split is train or test, as in mnist:train"))?;
    Ok((source, split))
}

/// Refuses images of another extent than the model's.
pub(in crate::cli) fn check_extent(model: &Model<'_>, images: &Dataset) -> Result<(), Failure> {
    let (expected, found) = (model.signal(), images.shape());
    if expected == found {
        return Ok(());
    }
    let name = images.name();
    Err(Failure::Refused(
        Code::DataUnlike,
        format!(
            "the model's images are {expected}, those of {name} are {found}: give a data set of the model's extent"
        ),
    ))
}

/// Says which of two sets of images an error is about.
fn name_others(cause: ScoreError, arguments: &Arguments) -> Failure {
    Failure::because(&cause, format!("--against {}: {cause}", arguments.against.as_deref().unwrap_or_default()))
}

/// What is said of the energies, for people and for the card.
struct Report<'e> {
    text: String,
    results: Map<String, Value>,
    ordinary: (&'e str, &'e [f32]),
    others: Option<(&'e str, &'e [f32])>,
}

impl<'e> Report<'e> {
    fn new(time: f32, name: &'e str, ordinary: &'e [f32], others: Option<(&'e str, &'e [f32])>) -> Self {
        let mean = |energies: &[f32]| energies.iter().copied().map(f64::from).sum::<f64>() / energies.len() as f64;
        let (mut text, mut results) = (format!("time           {time}\n"), Map::new());
        for (key, (name, energies)) in [("mean", (name, ordinary))].into_iter().chain(others.map(|o| ("against", o))) {
            let mean = mean(energies);
            text += &format!("{name:14} {} images, mean energy {mean:.3}\n", energies.len());
            results.insert(format!("{key}_energy"), json!(mean));
        }
        if let Some((name, energies)) = others {
            let auroc = auroc(ordinary, energies);
            text += &format!("AUROC          {auroc:.4} against {name}\n");
            results.insert("auroc".to_owned(), json!(auroc));
        }
        Report { text, results, ordinary: (name, ordinary), others }
    }

    /// A line about a threshold, and what the card says of it.
    fn threshold(&mut self, what: &str, threshold: Threshold) {
        let Threshold { energy, time: _, false_positive_rate } = threshold;
        let mut above = Map::new();
        let mut text = format!("{what:14} {energy}, for a false-positive rate of {false_positive_rate}; above it");
        for (name, energies) in [self.ordinary].into_iter().chain(self.others) {
            let share = share_above(energies, energy);
            text += &format!(" {:.2} % of {name},", 100.0 * share);
            above.insert(name.to_owned(), json!(share));
        }
        self.text += &format!("{}\n", text.trim_end_matches(','));
        let key = if what == "threshold" { "threshold" } else { "stored_threshold" };
        self.results.insert(key.to_owned(), json!({"energy": decimal(energy), "above": above}));
    }
}

fn json_file(time: f32, ordinary: &[f32], others: Option<&[f32]>) -> Vec<u8> {
    let list = |energies: &[f32]| energies.iter().copied().map(decimal).collect::<Value>();
    let mut file = json!({"time": decimal(time), "energies": list(ordinary)});
    if let Some(others) = others {
        file["against"] = list(others);
    }
    (file.to_string() + "\n").into_bytes()
}

/// float32, axes (N, 2): energy, and 0 for the data set or 1 for what it is told from.
fn npy_file(ordinary: &[f32], others: &[f32]) -> Vec<u8> {
    let rows = ordinary.iter().map(|energy| [*energy, 0.0]).chain(others.iter().map(|energy| [*energy, 1.0]));
    let mut file = header("<f4", &[ordinary.len() + others.len(), 2]);
    file.extend(rows.flatten().flat_map(f32::to_le_bytes));
    file
}
