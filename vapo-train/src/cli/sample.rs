//! `vapo-train sample`: images from a model file.

use super::options::{SamplerOptions, output};
use super::{Failure, from_one_to, parse_model, print, read_model};
use crate::picture::{npy::npy, sample_grid};
use crate::run::card::{Card, ModelCard};
use crate::sampling::sample;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Model file
    #[arg(long, value_name = "F.vapo")]
    model: PathBuf,
    /// Number of images
    #[arg(long, value_name = "N", default_value = "64", value_parser = from_one_to::<usize, 65_536>())]
    count: usize,
    #[command(flatten)]
    sampler: SamplerOptions,
    /// A grid of pictures (.png), or the numbers for Python (.npy)
    #[arg(long, value_name = "F.{png,npy}")]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// Kinds of files that samples are written to.
#[derive(Clone, Copy)]
enum Kind {
    Png,
    Npy,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let out = arguments.out.display();
    let kind = match arguments.out.extension().and_then(|extension| extension.to_str()) {
        Some("png") => Kind::Png,
        Some("npy") => Kind::Npy,
        _ => return Err(Failure::Usage(format!("--out {out}: expected a name that ends in .png or .npy"))),
    };
    output::refuse_existing(&arguments.out, arguments.force)?;
    let (count, sampler) = (arguments.count, &arguments.sampler);
    let settings = sampler.settings(count)?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_model(&arguments.model, &bytes)?;
    let images = sampler.pool()?.install(|| sample(&model, &settings)).map_err(|cause| sampler.explain(cause))?;
    let shape = model.architecture().image;
    let file = match kind {
        Kind::Png => sample_grid(&images, shape)?.png(),
        Kind::Npy => npy(&images, shape)?,
    };
    let models = vec![ModelCard::new(&arguments.model, &bytes, &model)];
    let card = Card { models, sampler: Some(sampler.card(count)), ..Card::new("sample") };
    output::write_with_card(&arguments.out, &file, &card)?;
    print(&format!("{count} samples in {out}\n"))
}
