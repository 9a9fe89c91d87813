//! `vapo-train sample`: images from a model file. Windows of a series: in `series`.

mod series;

use crate::cli::card::{Card, ModelCard, SamplerCard};
use crate::cli::options::{AdaptiveOptions, ClassOptions, Plan, output};
use crate::cli::{
    Failure, expect_pictures, from_one_to, is_series, parse_any_model, print, progress, read_model, team,
};
use crate::export::{Format, Writer};
use crate::sampling::{Drawn, Request, chunks};
use std::path::{Path, PathBuf};

/// What the name of a table ends in.
const TABLE: &str = "csv";

/// Images, where nothing is said.
const COUNT: usize = 64;
/// Images of each class, where all are asked for and nothing is said.
const CLASS_COUNT: usize = 8;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Model file
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    /// Number of images, or of windows of a series [default: 64; 8 of each class for --class all]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1_000_000>())]
    count: Option<usize>,
    #[command(flatten)]
    classes: ClassOptions,
    #[command(flatten)]
    sampler: AdaptiveOptions,
    /// Result: a grid of pictures (.png), float32 for Python (.npy), bytes for evaluators (.npz), or a folder of pictures (a name
    /// without extension, or with a slash at its end). For a series, in raw units: plots (.png), a table (.csv), or float32 for
    /// Python (.npy, .npz)
    #[arg(long, value_name = "F.{png,npy,npz,csv}|DIR/")]
    out: PathBuf,
    /// Replace the file or the folder of pictures, and its card, if they exist
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = format(&arguments.out)?;
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]);
    let outputs = match format {
        Some(Format::Folder) => plan.writes_pictures("--out", &arguments.out),
        _ => plan.writes_with_card("--out", [&arguments.out]),
    }
    .check()?;
    let Arguments { sampler, classes, .. } = arguments;
    let request = sampler.request(arguments.count.unwrap_or(COUNT))?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_any_model(&arguments.model, &bytes)?;
    let usual = if classes.are_all() { CLASS_COUNT * usize::from(model.classes().max(1)) } else { COUNT };
    let count = arguments.count.unwrap_or(usual);
    let request = Request { count, asked: classes.asked(&model, count)?, ..request };
    let columns = classes.columns(&model, count);
    if is_series(&model) {
        return series::run(arguments, &request, columns, &outputs, &bytes, &model);
    }
    expect_pictures(&arguments.model, &model)?;
    let format = format.map_or_else(|| output::image_format(&arguments.out), Ok)?;
    let pool = sampler.fixed.pool()?;
    let shape = model.signal();
    output::expect_images(&arguments.out, format, count, shape, columns)?;
    let begin = || Writer::begin(&arguments.out, format, count, shape, columns);
    let mut writer = team::writes().then(begin).transpose()?;
    let bar = progress::bar(count, "samples");
    let mut chunks = chunks(&model, &request, team::team());
    let mut counts = Vec::new();
    while let Some(chunk) = pool.install(|| chunks.next()) {
        let Drawn { images: chunk, evaluations } = chunk.map_err(|cause| sampler.fixed.explain(cause))?;
        counts.extend(evaluations);
        writer.as_mut().map_or(Ok(()), |writer| writer.push(&chunk))?;
        bar.inc((chunk.len() / shape.elements()) as u64);
    }
    bar.finish_and_clear();
    let Some(writer) = writer else { return Ok(()) };
    writer.finish(outputs.existing())?;
    let models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    let drawn = classes.on(sampler.card(count, &counts)?);
    let told = told(&arguments.out, &drawn);
    let mut card = Card { models, sampler: Some(drawn), ..Card::new("sample") };
    if format != Format::Npy {
        card.settings.insert("values".to_owned(), "uint8, rounded to nearest".into());
    }
    outputs.write_card(&arguments.out, &card)?;
    print(&told)
}

/// What is said at the end. How many evaluations samples took is news where their steps are adaptive.
fn told(out: &Path, drawn: &SamplerCard) -> String {
    let samples = format!("{} samples in {}\n", drawn.count, out.display());
    match drawn.tolerance {
        Some(_) => format!("{samples}evaluations {}\n", drawn.evaluations),
        None => samples,
    }
}

/// What the name of `--out` asks for. None for a table, which only a series is written to.
///
/// # Errors
/// Its name ends in something else.
fn format(out: &Path) -> Result<Option<Format>, Failure> {
    if out.extension().is_some_and(|extension| extension == TABLE) {
        return Ok(None);
    }
    output::image_format(out).map(Some)
}
