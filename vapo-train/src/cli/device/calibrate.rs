//! `vapo-train calibrate`: a model of integer arithmetic from one of float arithmetic.

use crate::calibration::inputs::{Images, inputs};
use crate::calibration::{CalibrationError, Settings, integer_model};
use crate::cli::card::{Card, ModelCard, decimal};
use crate::cli::device::report::Report;
use crate::cli::judge::score::check_extent;
use crate::cli::options::{DataOptions, OF_DATA, Plan, output, pool};
use crate::cli::rewritten::{with_classifier, with_threshold};
use crate::cli::{Code, Failure, from_one_to, parse_any_model, print, progress, read_model};
use crate::dataset::Dataset;
use crate::quantise::{Precision, model_file, parameters};
use crate::run::distillation::MOST_EVALUATIONS;
use crate::sampling::anomaly::{self, ScoreError, ScoredImages, energies};
use crate::sampling::classification::{IMAGES, learn};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use vapo_format::{Classifier, Encoding, Model, Threshold};

#[derive(Debug, clap::Args)]
// Without a data set, samples of the model stand for its images.
#[command(mut_arg("dataset", |option| option.required(false)))]
#[command(mut_args(|option| if OF_DATA.contains(&option.get_id().as_str()) { option.requires("dataset") } else { option }))]
pub(in crate::cli) struct Arguments {
    /// Model file with int8, int6, int4 or float32 weights, computed in floats
    #[arg(long, value_name = "F.vapo")]
    model: PathBuf,
    /// Bits of the weights that are written; other weights are rounded to them [default: the model's own; int8 for float32]
    #[arg(long, value_enum)]
    weights: Option<Precision>,
    #[command(flatten)]
    data: Option<DataOptions>,
    /// Room in the integers, as a multiple of the largest magnitude seen; 4 is safer for images that are no data, and costs every
    /// activation one bit
    #[arg(long, value_name = "H", default_value_t = Settings::default().headroom, allow_negative_numbers = true,
        value_parser = headroom)]
    headroom: f32,
    /// Number of evaluations that the model was distilled for
    #[arg(long, value_name = "N", value_parser = from_one_to::<u16, { MOST_EVALUATIONS as u64 }>())]
    evaluations: Option<u16>,
    /// Leave out the model's anomaly threshold, which was set by energies of float arithmetic
    #[arg(long)]
    drop_threshold: bool,
    /// Threads to work on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
    /// The model of integer arithmetic
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) out: PathBuf,
    /// Replace the file and its card if they exist
    #[arg(long)]
    force: bool,
}

fn headroom(text: &str) -> Result<f32, String> {
    let number: Option<f32> = text.parse().ok();
    number.filter(|number| (1.0..=1024.0).contains(number)).ok_or_else(|| "expected a number from 1 to 1024".to_owned())
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { out, .. } = arguments;
    output::expect_vapo("--out", out)?;
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]);
    let plan = arguments.data.iter().fold(plan, Plan::reads_data);
    let outputs = plan.writes_with_card("--out", [out]).check()?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_any_model(&arguments.model, &bytes)?;
    let scaled = scaled(arguments, &model)?;
    if model.threshold().is_some() && arguments.data.is_none() && !arguments.drop_threshold {
        return Err(Failure::Usage(format!(
            "{} has a threshold, which was fitted to energies of float arithmetic: give the images to fit it to anew, with \
             --dataset, or leave it out, with --drop-threshold",
            arguments.model.display()
        )));
    }
    let dataset = arguments.data.as_ref().map(|data| data.load_for(&model)).transpose()?;
    dataset.iter().try_for_each(|dataset| check_extent(&model, dataset))?;

    let Arguments { headroom, evaluations, .. } = *arguments;
    let settings = Settings { headroom, evaluations, ..Settings::default() };
    let pool = pool(arguments.threads)?;
    let (file, report) = pool.install(|| {
        let scaled = Model::parse(scaled.as_deref().unwrap_or(&bytes))?;
        let images = Images::new(&scaled, dataset.as_ref(), &settings)?;
        let bar = progress::bar(inputs(&scaled, &images, &settings).len(), "calibration inputs");
        let found = integer_model(&scaled, &images, &settings, || bar.inc(1))?;
        bar.finish_and_clear();
        let float = Model::parse(&found.float)?;
        let report = Report::new(&found.file, &float, &images, &settings, found.coarser)?;
        Ok::<_, CalibrationError>((found.file, report))
    })?;
    let integer = Model::parse(&file)?;
    let threshold = match (&dataset, model.threshold().filter(|_| !arguments.drop_threshold)) {
        (Some(dataset), Some(fitted)) => Some(pool.install(|| refit(&integer, dataset, fitted))?),
        _ => None,
    };
    let mut text = text(arguments, &report, &model, threshold, dataset.as_ref());
    let file = threshold.map_or(Ok(file.clone()), |threshold| with_threshold(&integer, threshold))?;
    // Energies of integers are a little other ones: numbers that are added to them are learned anew.
    let labelled =
        dataset.as_ref().filter(|dataset| dataset.classes() == model.classes() && dataset.labels().is_some());
    let file = match (model.classifier(), labelled) {
        (Some(fitted), Some(dataset)) => {
            let bar = progress::bar(dataset.len().min(IMAGES), "images to learn from");
            let section = pool.install(|| learn(&integer, dataset, fitted.time(), || bar.inc(1)))?;
            bar.finish_and_clear();
            let classifier = Classifier::new(&section);
            with_classifier(&Model::parse(&file)?, classifier.unwrap_or(fitted))?
        }
        (Some(_), None) => {
            text += "classifier     left out: learn it with `vapo-train classify --write-classifier`\n";
            file
        }
        (None, _) => file,
    };

    let mut map = Map::new();
    map.insert("headroom".to_owned(), decimal(arguments.headroom));
    if let Some(weights) = arguments.weights {
        map.insert("weights".to_owned(), weights.to_string().into());
    }
    if let Some(Threshold { energy, time, .. }) = threshold {
        map.insert("threshold".to_owned(), json!({"energy": decimal(energy), "time": decimal(time)}));
    }
    let data = arguments.data.iter().zip(&dataset).map(|(options, dataset)| options.card(dataset)).collect();
    let models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    let results = match serde_json::to_value(&report)? {
        Value::Object(results) => results,
        _ => Map::new(),
    };
    let card = Card { models, data, settings: map, results, ..Card::new("calibrate") };
    let printed = print(&text);
    outputs.write_with_card(out, &file, &card)?;
    print(&format!("model          {} ({} bytes)\n", out.display(), file.len()))?;
    printed
}

/// The file of the weights that are asked for, where the model is not that.
fn scaled(arguments: &Arguments, model: &Model<'_>) -> Result<Option<Vec<u8>>, Failure> {
    let Some(parameters) = parameters(model) else {
        return Err(Failure::Refused(
            Code::ModelArithmetic,
            format!(
                "{} is of integer arithmetic already: give the model of float arithmetic that it was made from, model-int8.vapo of the same run for instance",
                arguments.model.display()
            ),
        ));
    };
    let found = model.encoding();
    let usual = if found == Encoding::Float32 { Encoding::Int8 } else { found };
    let encoding = arguments.weights.map_or(usual, Precision::encoding);
    if found.bits() < encoding.bits() && found.bits().is_some() {
        return Err(Failure::Refused(
            Code::ModelArithmetic,
            format!(
                "--weights {encoding}: {} has {found} weights, and no more bits than that; leave the option out, or give the model \
             that it was made from",
                arguments.model.display()
            ),
        ));
    }
    if found == encoding { Ok(None) } else { Ok(Some(model_file(&model.architecture(), &parameters, encoding)?)) }
}

/// The threshold of the same time and rate for energies of integers.
fn refit(model: &Model<'_>, dataset: &Dataset, fitted: Threshold) -> Result<Threshold, ScoreError> {
    let bar = progress::bar(dataset.len(), "images");
    let energies = energies(model, &ScoredImages::Dataset(dataset), fitted.time, || bar.inc(1))?;
    Ok(Threshold { energy: anomaly::threshold(&energies, fitted.false_positive_rate), ..fitted })
}

/// What a person is told.
fn text(
    arguments: &Arguments,
    report: &Report,
    model: &Model<'_>,
    threshold: Option<Threshold>,
    dataset: Option<&Dataset>,
) -> String {
    let images = match (&arguments.data, dataset) {
        (Some(options), Some(_)) => options.name(),
        _ => "samples of the model".to_owned(),
    };
    let (digest, headroom) = (report.calibration(), arguments.headroom);
    let mut text = format!("calibration    {digest}, headroom {headroom}, on {images}\n");
    text += &format!("drift          {}\n", report.drift());
    text += &report.larger_scales();
    match (model.threshold(), threshold) {
        (Some(fitted), Some(Threshold { energy, time, false_positive_rate: rate })) => {
            text += &format!(
                "threshold      {energy} at time {time}, for a false-positive rate of {rate}; {} in float arithmetic\n",
                fitted.energy
            );
        }
        (Some(_), None) => text += "threshold      left out\n",
        _ => {}
    }
    text
}
