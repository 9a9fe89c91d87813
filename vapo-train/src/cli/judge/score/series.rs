//! Energies of a series: what they detect, and the threshold for a device.

use super::{Arguments, expect_model_name, expect_valid, extension, json_file, npy_file, tell_few};
use crate::cli::card::{Card, DataCard, ModelCard, decimal};
use crate::cli::options::output;
use crate::cli::options::pool;
use crate::cli::rewritten::with_threshold;
use crate::cli::{Code, Failure, note, parse_any_model, print, progress, read_model};
use crate::dataset::series::Series;
use crate::dataset::{Dataset, DatasetError, Split};
use crate::evaluation::detection::segments::segments;
use crate::evaluation::detection::{Alarms, Judgement, Ranking, Scores};
use crate::export::picture::series::{Channel, Scored, scored};
use crate::files::array::write::{Array, archive};
use crate::sampling::anomaly::{self, ScoredImages, energies};
use serde_json::{Map, Value, json};
use vapo_format::{Model, Threshold};

/// False-positive rate where none is chosen.
const FPR: f32 = 0.01;

/// Kinds of files that energies are written to.
#[derive(Clone, Copy)]
enum Kind {
    Json,
    Npy,
    Csv,
    Npz,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let kind = kind(arguments)?;
    let plan = super::plan(arguments).writes("--picture", &arguments.picture);
    let outputs = plan.check()?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_any_model(&arguments.model, &bytes)?;
    let stored = model.threshold();
    let time = arguments.time.unwrap_or(stored.map_or(anomaly::SERIES_TIME, |threshold| threshold.time));
    let fpr = arguments.fpr.unwrap_or(FPR);
    expect_valid(&model, time, fpr)?;

    let data = &arguments.data;
    let dataset = data.load_for(&model)?;
    super::check_extent(&model, &dataset)?;
    let (held_out, split) = held_out(arguments, &model)?;
    let (series, normal) = (of(&dataset)?, of(&held_out)?);
    let pool = pool(arguments.threads)?;
    let score = |dataset: &Dataset| {
        let bar = progress::bar(dataset.len(), "windows");
        pool.install(|| energies(&model, &ScoredImages::Dataset(dataset), time, || bar.inc(1)))
    };
    let (energies, held_out_energies) = (score(&dataset)?, score(&held_out)?);
    let normal = normal_energies(normal, &held_out_energies, split)?;
    let threshold = Threshold { energy: anomaly::threshold(&normal, fpr), time, false_positive_rate: fpr };
    tell_few(normal.len(), fpr, "windows");

    let scores = Scores::new(series, &energies);
    let mut report = Report { text: String::new(), results: Map::new() };
    report.begin(&dataset, data.split(), time, &energies);
    report.ranks(&scores, dataset.class_names().is_some());
    report.held_out(split, normal.len(), &threshold);
    report.judges("threshold", "threshold", &threshold, series, &scores);
    if let Some(stored) = stored.filter(|stored| stored.time == time) {
        report.judges("model's own", "stored_threshold", &stored, series, &scores);
    }

    let mut settings = Map::new();
    settings.insert("time".to_owned(), decimal(time));
    settings.insert("fpr".to_owned(), decimal(fpr));
    settings.insert("window".to_owned(), json!(series.window()));
    settings.insert("stride".to_owned(), json!(series.stride()));
    let card = Card {
        models: vec![ModelCard::new(&arguments.model, &bytes, &model)],
        data: vec![data.card(&dataset), DataCard::new(&held_out, split)],
        settings,
        results: report.results,
        ..Card::new("score")
    };
    let printed = print(&report.text);
    let file = file(kind, time, &scores, series, &energies);
    let written = outputs.write_with_card(&arguments.out, &file, &card);
    if written.is_ok() {
        print(&format!("energies       {}\n", arguments.out.display()))?;
    }
    if let Some(path) = &arguments.picture {
        let name = match series.segments() {
            [one] => one.name.clone(),
            _ => data.name(),
        };
        let title = format!("{name}, {} split", data.split().name());
        outputs.write(path, &picture(&title, series, &scores, &energies, threshold.energy).png())?;
        print(&format!("picture        {}\n", path.display()))?;
    }
    if let Some(path) = &arguments.write_threshold {
        outputs.write_with_card(path, &with_threshold(&model, threshold)?, &card)?;
        print(&format!("model          {}, with the threshold\n", path.display()))?;
    }
    written.and(printed)
}

/// Refuses options that are for images, and names that end in something else.
fn kind(arguments: &Arguments) -> Result<Kind, Failure> {
    if let Some(name) = &arguments.against {
        return Err(Failure::Usage(format!(
            "--against {name}: a series has its anomalies within; say which readings they are with --labels COLUMN, or which \
             class is normal with --normal CLASS"
        )));
    }
    expect_model_name(arguments)?;
    if let Some(path) = &arguments.picture {
        output::expect_png("--picture", path)?;
    }
    match extension(&arguments.out) {
        Some("json") => Ok(Kind::Json),
        Some("npy") => Ok(Kind::Npy),
        Some("csv") => Ok(Kind::Csv),
        Some("npz") => Ok(Kind::Npz),
        _ => {
            let out = arguments.out.display();
            Err(Failure::Refused(
                Code::OutputName,
                format!("--out {out}: expected a name that ends in .csv, .npz, .json or .npy"),
            ))
        }
    }
}

fn of(dataset: &Dataset) -> Result<&Series, Failure> {
    dataset
        .series()
        .ok_or_else(|| Failure::told(Code::DataKind, format!("expected a series, found {}", dataset.name())))
}

/// The windows that a threshold is chosen on: those of the valid split, or of the one trained on where there is no other.
fn held_out(arguments: &Arguments, model: &Model<'_>) -> Result<(Dataset, Split), Failure> {
    match arguments.data.load_split_for(Split::Valid, model) {
        Err(failure) if is_absent(&failure) => {
            note(
                "note: there is no valid split, so the threshold is chosen on the windows of the training: new ones may lie above \
                 it more often",
            );
            Ok((arguments.data.load_split_for(Split::Train, model)?, Split::Train))
        }
        loaded => Ok((loaded?, Split::Valid)),
    }
}

/// Whether a split is not there, or has no window.
fn is_absent(failure: &Failure) -> bool {
    let Failure::Other(cause) = failure else { return false };
    cause.downcast_ref::<DatasetError>().is_some_and(DatasetError::is_absent_split)
}

/// The energies of windows that are not known to be anomalous.
fn normal_energies(series: &Series, energies: &[f32], split: Split) -> Result<Vec<f32>, Failure> {
    let is_normal = |window: &usize| series.is_anomalous(*window) != Some(true);
    let normal: Vec<f32> = (0..energies.len()).filter(is_normal).map(|window| energies[window]).collect();
    match normal.is_empty() {
        false => Ok(normal),
        true => Err(Failure::Usage(format!(
            "every window of the {} split is labelled as an anomaly: a threshold needs normal ones",
            split.name()
        ))),
    }
}

/// What is said of the energies, for people and for the card.
struct Report {
    text: String,
    results: Map<String, Value>,
}

impl Report {
    fn line(&mut self, key: &str, text: &str) {
        self.text += &format!("{key:14} {text}\n");
    }

    fn begin(&mut self, dataset: &Dataset, split: Split, time: f32, energies: &[f32]) {
        let mean = energies.iter().copied().map(f64::from).sum::<f64>() / energies.len() as f64;
        self.line("time", &time.to_string());
        let (windows, width) = (energies.len(), dataset.shape().width);
        self.line(split.name(), &format!("{windows} windows of {width} readings, mean energy {mean:.3}"));
        self.results.insert("mean_energy".to_owned(), json!(mean));
    }

    /// How well anomalies are ranked above the rest, where there are labels.
    fn ranks(&mut self, scores: &Scores<'_>, cases: bool) {
        let of_parts = cases.then(|| scores.ranking_of_parts()).flatten();
        let of_readings = if cases { None } else { scores.ranking_of_readings() };
        let all = [("case", of_parts), ("reading", of_readings), ("window", scores.ranking_of_windows())];
        let known: Vec<(&str, Ranking)> =
            all.into_iter().filter_map(|(what, ranking)| Some((what, ranking?))).collect();
        if known.is_empty() {
            let advice = if cases { "--normal CLASS" } else { "--labels COLUMN" };
            self.line("AUROC", &format!("not known without normal and anomalous readings: label them with {advice}"));
            return;
        }
        let list = |of: fn(&Ranking) -> f64| {
            known.iter().map(|(what, it)| format!("{:.4} a {what}", of(it))).collect::<Vec<_>>().join(", ")
        };
        self.line("AUROC", &list(|ranking| ranking.auroc));
        let share = |(what, it): &(&str, Ranking)| format!("{} of {} {what}s", it.anomalies, it.count);
        let shares = known.iter().map(share).collect::<Vec<_>>().join(", ");
        self.line("AUPRC", &format!("{}; anomalous are {shares}", list(|ranking| ranking.average_precision)));
        for (what, ranking) in &known {
            self.results.insert(format!("{what}s"), json!(ranking));
        }
        if let Some(top) = scores.top().filter(|_| !cases) {
            let place = if top.within { "within an anomaly" } else { "outside every anomaly" };
            let (first, last) = (top.readings.start, top.readings.end - 1);
            self.line("top window", &format!("readings {first} to {last}, {place} (UCR's rule)"));
            self.results.insert("top_window".to_owned(), json!(top));
        }
    }

    fn held_out(&mut self, split: Split, count: usize, threshold: &Threshold) {
        let windows = format!("{count} normal windows of the {} split", split.name());
        let rate = threshold.false_positive_rate;
        let text = format!("{}, for a false-positive rate of {rate} on {windows}", threshold.energy);
        self.line("threshold", &text);
        self.results.insert("threshold_split".to_owned(), json!({"split": split, "windows": count}));
    }

    fn judges(&mut self, what: &str, key: &str, threshold: &Threshold, series: &Series, scores: &Scores<'_>) {
        let Threshold { energy, time: _, false_positive_rate } = *threshold;
        if key == "stored_threshold" {
            self.line(what, &format!("{energy}, for a false-positive rate of {false_positive_rate}"));
        }
        let mut result = json!({"energy": decimal(energy)});
        let (alarms, of) = match scores.judge(energy) {
            Some(judgement) => {
                self.detects(&judgement);
                result["judgement"] = json!(judgement);
                (judgement.false_alarms, "normal windows")
            }
            None => (scores.alarms(energy, |_| true), "windows, all taken to be normal"),
        };
        let a_day = alarms_a_day(series, &alarms);
        result["false_alarms"] = json!(alarms);
        result["false_alarms_a_day"] = json!(a_day);
        let share = alarms.share().map_or_else(|| "none".to_owned(), |share| format!("{:.2} %", 100.0 * share));
        let mut text = format!("{share} of {} {of} lie above it, in {} runs", alarms.windows, alarms.runs);
        match (a_day, series.rate()) {
            (Some(a_day), Some(rate)) => {
                let (rate, stride) = (rounded(rate), series.stride());
                text += &format!(": {} a day at {rate} Hz, a verdict every {stride} readings", rounded(a_day));
            }
            _ => text += "; give the sampling rate with --rate HZ to know how many a day that is",
        }
        self.line("false alarms", &text);
        self.results.insert(key.to_owned(), result);
    }

    fn detects(&mut self, judgement: &Judgement) {
        let Judgement { confusion, anomalies, found, .. } = judgement;
        if *anomalies == 0 {
            return;
        }
        let of =
            |share: Option<f64>| share.map_or_else(|| "none".to_owned(), |share| format!("{:.2} %", 100.0 * share));
        let (all, hits) = (confusion.true_positives + confusion.false_negatives, confusion.true_positives);
        let precision = of(confusion.precision());
        let text = format!(
            "{found} of {anomalies} found; {hits} of {all} anomalous windows lie above it, precision {precision}"
        );
        self.line("anomalies", &text);
    }
}

/// Runs of false alarms a day, where windows follow one another at a known rate.
fn alarms_a_day(series: &Series, alarms: &Alarms) -> Option<f64> {
    alarms.a_day(series.rate()?, series.stride())
}

/// A number of three digits, as people write it.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

fn file(kind: Kind, time: f32, scores: &Scores<'_>, series: &Series, energies: &[f32]) -> Vec<u8> {
    let anomalous = scores.anomalous_windows();
    match kind {
        Kind::Csv => csv_file(series, energies, anomalous.as_deref()),
        Kind::Npz => npz_file(series, scores, energies, anomalous.as_deref()),
        Kind::Json | Kind::Npy => {
            let labels = anomalous.unwrap_or_else(|| vec![false; energies.len()]);
            let of = |kind: bool| {
                let chosen = energies.iter().zip(&labels).filter(move |(_, label)| **label == kind);
                chosen.map(|(energy, _)| *energy).collect::<Vec<_>>()
            };
            let (normal, others) = (of(false), of(true));
            match kind {
                Kind::Json => json_file(time, &normal, (!others.is_empty()).then_some(&others)),
                _ => npy_file(&normal, &others),
            }
        }
    }
}

/// A line a window.
fn csv_file(series: &Series, energies: &[f32], anomalous: Option<&[bool]>) -> Vec<u8> {
    let mut text = "part,start,end,energy".to_owned();
    text += if anomalous.is_some() { ",anomalous\n" } else { "\n" };
    for (window, (start, energy)) in series.starts().iter().zip(energies).enumerate() {
        let segment = &series.segments()[start.segment];
        let first = segment.first + start.reading;
        let name = quoted(&segment.name);
        text += &format!("{name},{first},{},{energy}", first + series.window());
        if let Some(anomalous) = anomalous {
            text += &format!(",{}", u8::from(anomalous[window]));
        }
        text.push('\n');
    }
    text.into_bytes()
}

/// A field of a table.
fn quoted(field: &str) -> String {
    match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}

/// Arrays of windows, and of readings.
fn npz_file(series: &Series, scores: &Scores<'_>, energies: &[f32], anomalous: Option<&[bool]>) -> Vec<u8> {
    let windows = [energies.len()];
    let firsts = series.starts().iter().map(|start| series.segments()[start.segment].first + start.reading);
    let mut arrays = vec![
        Array::of_f32("energies", &windows, energies.iter().copied()),
        Array::of_usize("window_parts", &windows, series.starts().iter().map(|start| start.segment)),
        Array::of_usize("window_starts", &windows, firsts),
    ];
    arrays.extend(anomalous.map(|anomalous| Array::of_bool("window_anomalous", &windows, anomalous.iter().copied())));
    let parts = || series.segments().iter().enumerate();
    let of_part = |part: usize| scores.readings(part).into_iter().map(move |score| (part, score.unwrap_or(f32::NAN)));
    let of_readings: Vec<(usize, f32)> = parts().flat_map(|(part, _)| of_part(part)).collect();
    let readings = [of_readings.len()];
    let labels: Option<Vec<&[bool]>> = parts().map(|(_, segment)| segment.anomalous.as_deref()).collect();
    arrays.push(Array::of_f32("scores", &readings, of_readings.iter().map(|(_, score)| *score)));
    arrays.push(Array::of_usize("parts", &readings, of_readings.iter().map(|(part, _)| *part)));
    arrays.extend(labels.map(|labels| Array::of_bool("anomalous", &readings, labels.concat())));
    archive(&arrays)
}

/// All parts one after another, with their scores.
fn picture(
    title: &str,
    series: &Series,
    scores: &Scores<'_>,
    energies: &[f32],
    threshold: f32,
) -> crate::export::picture::Picture {
    let channels = series.channels().len();
    let of_channel = |channel: usize| {
        let parts = series.segments().iter();
        parts.flat_map(|part| part.readings.iter().skip(channel).step_by(channels).copied()).collect::<Vec<f32>>()
    };
    let readings: Vec<Vec<f32>> = (0..channels).map(of_channel).collect();
    let named: Vec<Channel<'_>> =
        series.channels().iter().zip(&readings).map(|(name, readings)| Channel { name, readings }).collect();
    let mut begins = vec![0];
    for segment in series.segments() {
        begins.push(begins[begins.len() - 1] + segment.readings.len() / channels);
    }
    let of_part = |part| scores.readings(part).into_iter().map(|score| score.unwrap_or(f32::NAN));
    let all: Vec<f32> = (0..series.segments().len()).flat_map(of_part).collect();
    let labels = series.segments().iter().flat_map(|part| match &part.anomalous {
        Some(anomalous) => anomalous.clone(),
        None => vec![false; part.readings.len() / channels],
    });
    let above = series.starts().iter().zip(energies).filter(|(_, energy)| **energy > threshold);
    let ends = above.map(|(start, _)| begins[start.segment] + start.reading + series.window() - 1);
    scored(&Scored {
        title,
        channels: &named,
        scores: &all,
        threshold: Some(threshold),
        verdicts: &ends.collect::<Vec<_>>(),
        anomalous: &segments(&labels.collect::<Vec<_>>()),
        parts: &begins[1..begins.len() - 1],
        rate: series.rate(),
    })
}
