//! `vapo-train paths`: how straight the paths are from noise to samples.

use crate::cli::card::{Card, ModelCard};
use crate::cli::options::{ClassOptions, Plan, SamplerOptions, output};
use crate::cli::{Failure, from_one_to, parse_any_model, print, progress, read_model};
use crate::export::picture;
use crate::sampling::Settings;
use crate::sampling::paths::{Paths, paths};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(mut_arg("temperature", |option| option.default_value("0").help("Temperature of the SDE, which has to be 0")))]
#[command(mut_arg("steps", |option| option.default_value("100").help("Steps of the solver")))]
#[command(mut_arg("solver", |option| option.default_value("euler")))]
#[command(mut_arg("grading", |option| option.default_value("1").help("Grid of times 1 − (1 − s)^P for uniform s")))]
pub(in crate::cli) struct Arguments {
    /// Model file
    #[arg(long, value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    /// Number of samples whose paths are followed
    #[arg(long, value_name = "N", default_value = "200", value_parser = from_one_to::<usize, 2000>())]
    count: usize,
    #[command(flatten)]
    classes: ClassOptions,
    #[command(flatten)]
    sampler: SamplerOptions,
    /// Picture of the paths to write
    #[arg(long, value_name = "PATHS.png")]
    out: PathBuf,
    /// Replace the file and its card if they exist
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { sampler, out, count, .. } = arguments;
    output::expect_png("--out", out)?;
    let plan = Plan::new(arguments.force).reads("--model", [&arguments.model]);
    let outputs = plan.writes_with_card("--out", [out]).check()?;
    let settings = sampler.settings_without_noise(*count, "no path is straight")?;
    if settings.schedule.steps().len() < 2 {
        return Err(Failure::Usage(
            "--steps 1: expected 2 or more: a way of one step is straight, whatever the model".to_owned(),
        ));
    }
    let bytes = read_model(&arguments.model)?;
    let model = parse_any_model(&arguments.model, &bytes)?;
    let asked = arguments.classes.asked(&model, *count)?;
    let settings = Settings { asked, ..settings };
    let bar = progress::bar(*count, "samples");
    let found = sampler.pool()?.install(|| paths(&model, &settings, || bar.inc(1)));
    let found = found.map_err(|cause| sampler.explain(cause))?;
    bar.finish_and_clear();
    let Paths { bend, length, ref points } = found;
    let title = format!("bend {bend:.4}, squared length {length:.3}, per value");
    let picture = picture::paths(&title, points)?.png();
    let models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    let sampler = Some(arguments.classes.on(sampler.card(*count)?));
    let mut card = Card { models, sampler, ..Card::new("paths") };
    card.results.insert("bend".to_owned(), bend.into());
    card.results.insert("squared_length".to_owned(), length.into());
    outputs.write_with_card(out, &picture, &card)?;
    print(&format!(
        "bend                {bend:.6} per value; 0 where all paths are straight\n\
         squared length      {length:.6} per value\n\
         paths of            {count} samples\n\
         picture             {}\n",
        out.display()
    ))
}
