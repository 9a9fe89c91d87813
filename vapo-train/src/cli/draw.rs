//! Samples in memory, for commands that look at them.

use super::options::SamplerOptions;
use super::{Failure, parse_model, progress, read_model};
use crate::evaluation::Images;
use crate::picture::levels;
use crate::run::card::ModelCard;
use crate::sampling::chunks;
use rayon::ThreadPool;
use std::path::Path;

/// `count` samples of a model file, as bytes, and the model's card.
///
/// # Errors
/// The file is no model, or the sampler refuses.
pub(super) fn draw(
    model: &Path,
    sampler: &SamplerOptions,
    count: usize,
    pool: &ThreadPool,
) -> Result<(Images, ModelCard), Failure> {
    let settings = sampler.settings(count)?;
    let bytes = read_model(model)?;
    let parsed = parse_model(model, &bytes)?;
    let shape = parsed.architecture().image;
    let bar = progress::bar(count, "samples");
    let mut chunks = chunks(&parsed, &settings);
    let mut images = Vec::with_capacity(count * shape.elements());
    while let Some(chunk) = pool.install(|| chunks.next()) {
        let chunk = chunk.map_err(|cause| sampler.explain(cause))?;
        bar.inc((chunk.len() / shape.elements()) as u64);
        images.extend(levels(&chunk));
    }
    bar.finish_and_clear();
    Ok((Images::new(shape, images)?, ModelCard::new(model, &bytes, &parsed)))
}
