//! `vapo-train likelihood`: the log-densities of images, in bits a dimension.

use crate::cli::card::{Card, Evaluations, ModelCard};
use crate::cli::judge::score::check_extent;
use crate::cli::options::{DataOptions, Plan, pool};
use crate::cli::{Code, Failure, from_one_to, parse_model, print, progress, read_model};
use crate::sampling::likelihood::{Likelihood, LikelihoodError, Settings, TOLERANCE, TOLERANCES, likelihoods};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use vapo_format::Arithmetic;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Model file of float arithmetic: a run's model-float32.vapo or model-int8.vapo
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) data: DataOptions,
    /// Number of images, spread evenly over the split
    #[arg(long, value_name = "N", default_value = "100", value_parser = from_one_to::<usize, 1_000_000>())]
    count: usize,
    /// Number of random probes of the divergence: more are slower and more exact
    #[arg(long, value_name = "K", default_value = "1", value_parser = from_one_to::<usize, 4096>())]
    probes: usize,
    /// First seed: image i of the split takes its noise and its probes from seed N + i
    #[arg(long, value_name = "N", default_value = "0", allow_negative_numbers = true)]
    seed: u64,
    /// Error of a step of rk45, absolute and relative
    #[arg(long, value_name = "E", default_value_t = TOLERANCE, allow_negative_numbers = true)]
    tolerance: f64,
    /// Threads to work on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
    /// Result: the bits of each image, as text (.json) or as a table (.csv)
    #[arg(long, value_name = "F.{json,csv}")]
    out: PathBuf,
    /// Replace the file and its card if they exist
    #[arg(long)]
    force: bool,
}

/// Kinds of files that values are written to.
#[derive(Clone, Copy)]
enum Kind {
    Json,
    Csv,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { data, out, count, probes, seed, tolerance, .. } = arguments;
    let kind = kind(out)?;
    if !(TOLERANCES[0]..=TOLERANCES[1]).contains(tolerance) {
        let [least, most] = TOLERANCES;
        return Err(Failure::Usage(format!("--tolerance {tolerance}: expected a number from {least} to {most}")));
    }
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]).reads_data(data);
    let outputs = plan.writes_with_card("--out", [out]).check()?;
    data.expect_images()?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_model(&arguments.model, &bytes)?;
    let failed = |cause| match cause {
        LikelihoodError::Integers => {
            Failure::refused(&cause, format!("--model {}: {cause}", arguments.model.display()))
        }
        cause => cause.into(),
    };
    if model.arithmetic() == Arithmetic::Integer {
        return Err(failed(LikelihoodError::Integers));
    }
    let dataset = data.load()?;
    check_extent(&model, &dataset)?;
    if *count > dataset.len() {
        return Err(Failure::Refused(
            Code::DataCount,
            format!("--count {count}: {} has {} images; ask for as many or fewer", dataset.name(), dataset.len()),
        ));
    }
    let settings = Settings { probes: *probes, seed: *seed, tolerance: *tolerance };
    let pool = pool(arguments.threads)?;
    let bar = progress::bar(*count, "images");
    let indices = dataset.spread(*count);
    let found = pool.install(|| likelihoods(&model, &dataset, &indices, &settings, || bar.inc(1)));
    bar.finish_and_clear();
    let found = found.map_err(failed)?;

    let (mean, error) = mean_and_error(&found);
    let evaluations = Evaluations::counted(&found.iter().map(|found| found.evaluations).collect::<Vec<_>>());
    let models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    let mut card = Card { models, data: vec![data.card(&dataset)], ..Card::new("likelihood") };
    for (key, value) in [
        ("count", json!(count)),
        ("probes", json!(probes)),
        ("seed", json!(seed)),
        ("solver", json!("rk45")),
        ("tolerance", json!(tolerance)),
    ] {
        card.settings.insert(key.to_owned(), value);
    }
    card.results.insert("bits_per_dimension".to_owned(), json!(mean));
    card.results.insert("standard_error".to_owned(), json!(error));
    card.results.insert("evaluations".to_owned(), json!(evaluations));
    let file = match kind {
        Kind::Json => json_file(&found),
        Kind::Csv => csv_file(&found),
    };
    let scatter = error.map_or(String::new(), |error| format!(" ± {error:.4}, the standard error"));
    // First: a file that cannot be written takes no number away.
    let printed = print(&format!(
        "bits a dimension   {mean:.4}{scatter}\nimages             {count} of {} of {}\nevaluations        {evaluations}\n",
        dataset.len(),
        dataset.name()
    ));
    outputs.write_with_card(out, &file, &card)?;
    printed.and_then(|()| print(&format!("values             {}\n", out.display())))
}

/// The kind of file that values are written to.
fn kind(out: &Path) -> Result<Kind, Failure> {
    match out.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Ok(Kind::Json),
        Some("csv") => Ok(Kind::Csv),
        _ => Err(Failure::Refused(
            Code::OutputName,
            format!("--out {}: expected a name that ends in .json or .csv", out.display()),
        )),
    }
}

/// The mean of the bits and its standard error, which one image does not show.
fn mean_and_error(found: &[Likelihood]) -> (f64, Option<f64>) {
    let count = found.len() as f64;
    let mean = found.iter().map(|found| found.bits).sum::<f64>() / count;
    let squares = found.iter().map(|found| (found.bits - mean) * (found.bits - mean)).sum::<f64>();
    (mean, (found.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt()))
}

fn json_file(found: &[Likelihood]) -> Vec<u8> {
    let list = |value: fn(&Likelihood) -> Value| found.iter().map(value).collect::<Value>();
    let file = json!({
        "images": list(|found| json!(found.image)),
        "bits_per_dimension": list(|found| json!(found.bits)),
        "log_density": list(|found| json!(found.log_density)),
        "evaluations": list(|found| json!(found.evaluations)),
    });
    (file.to_string() + "\n").into_bytes()
}

/// A line an image.
fn csv_file(found: &[Likelihood]) -> Vec<u8> {
    let mut text = "image,bits_per_dimension,log_density,evaluations\n".to_owned();
    for Likelihood { image, log_density, bits, evaluations } in found {
        text += &format!("{image},{bits},{log_density},{evaluations}\n");
    }
    text.into_bytes()
}
