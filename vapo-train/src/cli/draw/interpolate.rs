//! `vapo-train interpolate`: the way from one sample to another.

use crate::arithmetic::levels::levels;
use crate::cli::card::{Card, ModelCard};
use crate::cli::options::{ClassOptions, Plan, SamplerOptions, output};
use crate::cli::{Failure, from_one_to, parse_model, print, progress, read_model};
use crate::export::picture::grid;
use crate::sampling::Settings;
use crate::sampling::interpolation::interpolate;
use std::num::NonZeroU32;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(mut_arg("temperature", |option| option.default_value("0").help("Temperature of the SDE, which has to be 0")))]
pub(in crate::cli) struct Arguments {
    /// Model file
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    /// Number of pairs of samples; each pair is a row
    #[arg(long, value_name = "N", default_value = "8", value_parser = from_one_to::<u32, 1024>())]
    pairs: u32,
    /// Pictures in a row, the two samples included
    #[arg(long, value_name = "K", default_value = "10", value_parser = clap::value_parser!(u32).range(2..=1024))]
    frames: u32,
    #[command(flatten)]
    classes: ClassOptions,
    #[command(flatten)]
    sampler: SamplerOptions,
    /// Picture to write
    #[arg(long, value_name = "STRIP.png")]
    out: PathBuf,
    /// Replace the file and its card if they exist
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { sampler, out, pairs, frames, .. } = arguments;
    output::expect_png("--out", out)?;
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]);
    let outputs = plan.writes_with_card("--out", [out]).check()?;
    let settings = sampler.settings_without_noise(*pairs as usize, "a sample does not follow from its prior alone")?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_model(&arguments.model, &bytes)?;
    // A strip for each class, where all are asked for.
    let asked = arguments.classes.asked(&model, *pairs as usize)?;
    let settings = Settings { asked: asked.repeated(*frames as usize), ..settings };
    let (shape, columns) = (model.signal(), NonZeroU32::new(*frames));
    output::expect_grid(out, *pairs as usize * *frames as usize, shape, columns, output::SAMPLE)?;
    let bar = progress::bar((*pairs * *frames) as usize, "images");
    let images = sampler.pool()?.install(|| interpolate(&model, &settings, *frames as usize, || bar.inc(1)));
    bar.finish_and_clear();
    let images = images.map_err(|cause| sampler.explain(cause))?;
    let picture = grid(&levels(&images), shape, columns)?.png();
    let models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    let count = (pairs * frames) as usize;
    let mut card =
        Card { models, sampler: Some(arguments.classes.on(sampler.card(count)?)), ..Card::new("interpolate") };
    card.settings.insert("pairs".to_owned(), (*pairs).into());
    card.settings.insert("frames".to_owned(), (*frames).into());
    outputs.write_with_card(out, &picture, &card)?;
    print(&format!("{pairs} pairs of {frames} frames in {}\n", out.display()))
}
