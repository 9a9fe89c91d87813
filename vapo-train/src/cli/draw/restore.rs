//! `vapo-train restore`: fills the gaps of a series.

use crate::cli::card::{Card, ModelCard};
use crate::cli::options::{Plan, RESTORING_TEMPERATURE, SamplerOptions, output};
use crate::cli::{Code, Failure, from_one_to, is_series, note, parse_any_model, print, progress, read_model};
use crate::dataset::series::{Recording, SeriesOptions, recordings, rewrite};
use crate::export::picture::Picture;
use crate::export::picture::series::{Channel, Restored, restored};
use crate::files::array::write::header;
use crate::files::bounded;
use crate::files::digest::sha256;
use crate::sampling::series::{Gap, fill, gaps};
use serde_json::json;
use std::ops::Range;
use std::path::PathBuf;
use vapo_format::Model;

#[derive(Debug, clap::Args)]
#[command(mut_arg("temperature", |option| option.help(RESTORING_TEMPERATURE)))]
#[command(mut_arg("seed", |option| option.help("Seed of the first restoration of the first gap")))]
pub(in crate::cli) struct Arguments {
    /// Model file of a series
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    /// Series to restore: a table (.csv, .tsv) or an array (.npy) whose missing values are empty or not numbers
    #[arg(long, value_name = "FILE")]
    series: PathBuf,
    /// Channels of the series: names of columns, or numbers from 1 for columns without names [default: all columns of numbers]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    columns: Vec<String>,
    /// Column that labels readings, which is no channel
    #[arg(long, value_name = "NAME")]
    labels: Option<String>,
    /// Number of restorations of each gap; the result is their mean
    #[arg(long, value_name = "N", default_value = "4", value_parser = from_one_to::<usize, 64>())]
    count: usize,
    #[command(flatten)]
    sampler: SamplerOptions,
    /// Result: the same table with the gaps filled (.csv, .tsv), or float32 for Python (.npy)
    #[arg(long, value_name = "F.{csv,tsv,npy}")]
    out: PathBuf,
    /// A picture of the series before and after
    #[arg(long, value_name = "F.png")]
    picture: Option<PathBuf>,
    /// Replace the files and their cards if they exist
    #[arg(long)]
    force: bool,
}

/// Bytes of a series at most.
const MOST: u64 = 1 << 31;
/// Gaps that are not filled and are named, at most.
const NAMED: usize = 8;

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let is_table = is_table(arguments)?;
    if let Some(path) = &arguments.picture {
        output::expect_png("--picture", path)?;
    }
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]).reads("--series", [&arguments.series]);
    let plan = plan.writes_with_card("--out", [&arguments.out]).writes("--picture", &arguments.picture);
    let outputs = plan.check()?;
    let (count, sampler) = (arguments.count, &arguments.sampler.restoring());
    let settings = sampler.settings(count)?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_any_model(&arguments.model, &bytes)?;
    if !is_series(&model) {
        return Err(Failure::Refused(
            Code::DataKind,
            format!(
                "--model {}: expected a model of a series, found one of images, {}: restore images with vapo-train inpaint",
                arguments.model.display(),
                model.signal()
            ),
        ));
    }
    let (columns, labels) = (arguments.columns.clone(), arguments.labels.clone());
    let options = SeriesOptions { columns, labels, ..SeriesOptions::default() };
    let path = arguments.series.display();
    let file = bounded::read_file(&arguments.series, MOST)
        .map_err(|cause| Failure::told(Code::DataMissing, format!("--series {path}: cannot read it: {cause}")))?;
    let recording = recording(arguments, &options, &model)?;

    let channels = recording.channels.len();
    let width = usize::from(model.signal().width);
    let of_stretch = |stretch: &Range<usize>| gaps(&recording.readings, channels, stretch, width);
    let gaps: Vec<Gap> = recording.stretches().iter().flat_map(of_stretch).collect();
    let before = gaps.clone();
    let (fillable, left): (Vec<Gap>, Vec<Gap>) = before.into_iter().partition(|gap| gap.window.is_some());
    if gaps.is_empty() {
        note(&format!("note: --series {path}: nothing is missing; what is written is what was read"));
    }
    let pool = sampler.pool()?;
    let bar = progress::bar(fillable.len(), "gaps");
    let mut readings = recording.readings.clone();
    for (index, gap) in fillable.iter().enumerate() {
        // What is filled already is not taken for known: the order of gaps does not matter.
        let mut filled = recording.readings.clone();
        let seed = settings.seed.wrapping_add((index * count) as u64);
        let settings = crate::sampling::Settings { seed, ..settings };
        pool.install(|| fill(&model, &mut filled, gap, &settings)).map_err(|cause| sampler.explain(cause))?;
        let part = gap.readings.start * channels..gap.readings.end * channels;
        readings[part.clone()].copy_from_slice(&filled[part]);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let made = |reading: usize, channel: usize| {
        let value = readings[reading * channels + channel];
        value.is_finite().then_some(value)
    };
    let written = match is_table {
        true => rewrite(&file[..], &options, made)?
            .map_err(|cause| Failure::refused(&cause, format!("--series {path}: {cause}")))?,
        false => {
            let mut array = header("<f4", &[recording.len(), channels]);
            array.extend(readings.iter().flat_map(|value| value.to_le_bytes()));
            array
        }
    };
    let mut card = Card::new("restore");
    card.models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    card.sampler = Some(sampler.card(count)?);
    card.settings.insert("series".to_owned(), json!({"path": arguments.series, "sha256": sha256(&file)}));
    card.settings.insert("channels".to_owned(), json!(recording.channels));
    card.results.insert("filled".to_owned(), json!(fillable.iter().map(|gap| &gap.readings).collect::<Vec<_>>()));
    card.results.insert("left".to_owned(), json!(left.iter().map(|gap| &gap.readings).collect::<Vec<_>>()));
    outputs.write_with_card(&arguments.out, &written, &card)?;
    print(&report(&recording, &fillable, &left, width))?;
    print(&format!("series         {}\n", arguments.out.display()))?;
    if let Some(path) = &arguments.picture {
        outputs.write(path, &picture(&recording, &readings, &fillable).png())?;
        print(&format!("picture        {}\n", path.display()))?;
    }
    Ok(())
}

/// Whether a table is written. Refuses names that end in something else.
fn is_table(arguments: &Arguments) -> Result<bool, Failure> {
    let extension = |path: &PathBuf| path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
    let out = arguments.out.display();
    match (extension(&arguments.out).as_deref(), extension(&arguments.series).as_deref()) {
        (Some("npy"), _) => Ok(false),
        (Some("csv" | "tsv" | "txt"), Some("npy" | "npz" | "ts")) => Err(Failure::Refused(
            Code::OutputName,
            format!(
                "--out {out}: --series {} is no table: expected a name that ends in .npy",
                arguments.series.display()
            ),
        )),
        (Some("csv" | "tsv" | "txt"), _) => Ok(true),
        _ => Err(Failure::Refused(
            Code::OutputName,
            format!("--out {out}: expected a name that ends in .csv, .tsv or .npy"),
        )),
    }
}

/// The one recording of the file.
fn recording(arguments: &Arguments, options: &SeriesOptions, model: &Model<'_>) -> Result<Recording, Failure> {
    let path = arguments.series.display();
    let mut all = recordings(&arguments.series, options)?;
    let found = all.len();
    let Some(recording) = all.pop().filter(|_| found == 1) else {
        return Err(Failure::Usage(format!(
            "--series {path}: expected one file with one series, found {found}: give the table or the array of one"
        )));
    };
    let (expected, found) = (usize::from(model.signal().channels), recording.channels.len());
    if expected != found {
        return Err(Failure::Refused(
            Code::DataUnlike,
            format!(
                "--series {path}: expected the {expected} channels of the model, found {found}, {}: name the model's with --columns",
                recording.channels.join(", ")
            ),
        ));
    }
    let width = usize::from(model.signal().width);
    if recording.len() < width {
        return Err(Failure::Refused(
            Code::SeriesWindow,
            format!(
                "--series {path}: expected at least the {width} readings of a window of the model, found {}",
                recording.len()
            ),
        ));
    }
    Ok(recording)
}

/// What was filled and what was not.
fn report(recording: &Recording, filled: &[Gap], left: &[Gap], width: usize) -> String {
    let readings = |gaps: &[Gap]| gaps.iter().map(|gap| gap.readings.len()).sum::<usize>();
    let (count, all) = (readings(filled), recording.len());
    let mut text = format!("filled         {}, {count} of {all} readings\n", counted(filled));
    if left.is_empty() {
        return text;
    }
    let name = |gap: &Gap| match gap.readings.len() {
        1 => gap.readings.start.to_string(),
        _ => format!("{} to {}", gap.readings.start, gap.readings.end - 1),
    };
    let mut named = left.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    if left.len() > NAMED {
        named += ", ...";
    }
    let (count, gaps) = (readings(left), counted(left));
    text += &format!(
        "not filled     {gaps}, {count} readings, which no window of {width} readings has anything known beside: {named}\n"
    );
    text
}

/// How many gaps there are.
fn counted(gaps: &[Gap]) -> String {
    format!("{} {}", gaps.len(), if gaps.len() == 1 { "gap" } else { "gaps" })
}

/// The series before and after, and its first gaps.
fn picture(recording: &Recording, readings: &[f32], filled: &[Gap]) -> Picture {
    let channels = recording.channels.len();
    let columns = |readings: &[f32]| {
        let of = |channel: usize| readings.iter().skip(channel).step_by(channels).copied().collect::<Vec<f32>>();
        (0..channels).map(of).collect::<Vec<_>>()
    };
    let (before, after) = (columns(&recording.readings), columns(readings));
    fn named<'c>(names: &'c [String], columns: &'c [Vec<f32>]) -> Vec<Channel<'c>> {
        names.iter().zip(columns).map(|(name, readings)| Channel { name, readings }).collect()
    }
    let enlarged = filled.iter().filter_map(|gap| {
        let lacks = |channel: &usize| before[*channel][gap.readings.clone()].iter().any(|value| !value.is_finite());
        Some(((0..channels).find(lacks)?, gap.window.clone()?))
    });
    let stretches = recording.stretches();
    restored(&Restored {
        title: &recording.name,
        before: &named(&recording.channels, &before),
        after: &named(&recording.channels, &after),
        gaps: &enlarged.collect::<Vec<_>>(),
        parts: &stretches.iter().skip(1).map(|stretch| stretch.start).collect::<Vec<_>>(),
        rate: None,
    })
}
