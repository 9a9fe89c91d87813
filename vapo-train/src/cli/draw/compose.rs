//! `vapo-train compose`: samples from the weighted sum of two models.

use crate::cli::card::{Card, ModelCard, decimal};
use crate::cli::options::{Plan, SamplerOptions, output};
use crate::cli::{Code, Failure, from_one_to, parse_model, print, progress, read_model};
use crate::export::npy;
use crate::export::picture::sample_grid;
use crate::sampling::SamplingError;
use crate::sampling::composition::compose;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Model file; give two
    #[arg(long, value_name = "F.vapo", required = true)]
    pub(in crate::cli) model: Vec<PathBuf>,
    /// Weight of a model, in the order of the models; weights that sum to 1 leave the prior as it is
    #[arg(long, value_name = "W", required = true, allow_negative_numbers = true)]
    weight: Vec<f32>,
    /// Number of images
    #[arg(long, value_name = "N", default_value = "64", value_parser = from_one_to::<usize, 65_536>())]
    count: usize,
    #[command(flatten)]
    sampler: SamplerOptions,
    /// Result: a grid of pictures (.png), or the numbers for Python (.npy)
    #[arg(long, value_name = "F.{png,npy}")]
    out: PathBuf,
    /// Replace the file and its card if they exist
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let out = arguments.out.display();
    let ([first, second], &[a, b]) = (&*arguments.model, &*arguments.weight) else {
        return Err(Failure::Usage(format!(
            "--model, --weight: expected two of each, as --model A.vapo --weight 0.5 --model B.vapo --weight 0.5, found {} \
             and {}",
            arguments.model.len(),
            arguments.weight.len()
        )));
    };
    let extension = arguments.out.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("png" | "npy")) {
        return Err(Failure::Refused(
            Code::OutputName,
            format!("--out {out}: expected a name that ends in .png or .npy"),
        ));
    }
    let plan = Plan::new(arguments.force).reads("--model", &arguments.model);
    let outputs = plan.writes_with_card("--out", [&arguments.out]).check()?;
    let (count, sampler) = (arguments.count, &arguments.sampler);
    let settings = sampler.settings(count)?;
    let bytes = [read_model(first)?, read_model(second)?];
    let models = [parse_model(first, &bytes[0])?, parse_model(second, &bytes[1])?];
    let shape = models[0].signal();
    if extension == Some("png") {
        output::expect_grid(&arguments.out, count, shape, None, output::NUMBERS)?;
    }
    let bar = progress::bar(count, "samples");
    let images = sampler.pool()?.install(|| compose([&models[0], &models[1]], [a, b], &settings, || bar.inc(1)));
    bar.finish_and_clear();
    let images = images.map_err(|cause| match cause {
        SamplingError::Refused(cause @ vapo_sampler::Error::Unlike { .. }) => {
            Failure::refused(&cause, format!("--model {} --model {}: {cause}", first.display(), second.display()))
        }
        SamplingError::Refused(cause @ vapo_sampler::Error::Weight { found }) => {
            Failure::Usage(format!("--weight {found}: {cause}"))
        }
        cause => sampler.explain(cause),
    })?;
    let file = if extension == Some("png") { sample_grid(&images, shape)?.png() } else { npy(&images, shape)? };
    let cards = [first, second].into_iter().zip(&bytes).zip(&models);
    let models = cards.map(|((path, bytes), model)| ModelCard::new(path, bytes, model)).collect();
    let mut card = Card { models, sampler: Some(sampler.card(count)?), ..Card::new("compose") };
    card.settings.insert("weights".to_owned(), json!([decimal(a), decimal(b)]));
    outputs.write_with_card(&arguments.out, &file, &card)?;
    print(&format!("{count} samples in {out}\n"))
}
